package dev.tarn.backend.cuda;

import dev.tarn.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A module of kernels that the jar carries, for the driver to compile for the processor at hand.
 *
 * @param name of its source in {@code kernels/}
 */
record PtxModule(String name, String text, Collection<KernelSignature> kernels) {

    private static final Pattern LISTED = Pattern.compile("\"module\": \"(\\w+)\"");

    /** All modules of the manifest, read once. */
    private static final class Shipped {
        static final List<PtxModule> ALL = LISTED.matcher(manifest())
                .results()
                .map(entry -> read(entry.group(1)))
                .toList();
    }

    static List<PtxModule> all() {
        return Shipped.ALL;
    }

    /** What {@code kernels/CompileKernels.java} wrote of the modules: their names, hashes and the version of PTX. */
    static String manifest() {
        return resource("manifest.json");
    }

    private static PtxModule read(String name) {
        String text = resource(name + ".ptx");
        return new PtxModule(name, text, KernelSignature.parse(text).values());
    }

    private static String resource(String file) {
        try (InputStream in = PtxModule.class.getResourceAsStream("kernels/" + file)) {
            if (in == null) {
                throw new IllegalStateException("this build has no " + file + " of kernels");
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new DeviceException(
                    "The kernels of this build cannot be read (" + file + ": " + e.getMessage() + ").", e);
        }
    }
}
