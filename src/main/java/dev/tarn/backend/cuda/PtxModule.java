package dev.tarn.backend.cuda;

import dev.tarn.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/**
 * A module of kernels that the jar carries, for the driver to compile for the processor at hand.
 *
 * @param name of its source in {@code kernels/}
 */
record PtxModule(String name, String text, Collection<KernelSignature> kernels) {

    /** One for each source. */
    static final List<String> NAMES = List.of(
            "activation_reg",
            "casts",
            "column_sums",
            "dropout",
            "embedding",
            "lstm_pointwise",
            "optimizers",
            "softmax_xent",
            "weight_drop");

    /** All modules, read once. */
    private static final class Shipped {
        static final List<PtxModule> ALL = NAMES.stream().map(PtxModule::read).toList();
    }

    static List<PtxModule> all() {
        return Shipped.ALL;
    }

    private static PtxModule read(String name) {
        try (InputStream in = PtxModule.class.getResourceAsStream("kernels/" + name + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("this build has no PTX of " + name);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return new PtxModule(name, text, KernelSignature.parse(text).values());
        } catch (IOException e) {
            throw new DeviceException("The kernels of " + name + " cannot be read (" + e.getMessage() + ").", e);
        }
    }
}
