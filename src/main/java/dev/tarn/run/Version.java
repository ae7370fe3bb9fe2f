package dev.tarn.run;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Which Tarn this is. */
public final class Version {

    private Version() {}

    /** The version in the manifest of the jar, or {@code "development"} when run from classes. */
    public static String number() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /**
     * The commit that the sources around the running classes stand at, with a {@code +} if a tracked file differs from it;
     * empty when Tarn runs from elsewhere, or without git.
     */
    public static String commit() {
        Path sources = sources();
        if (sources == null) {
            return "";
        }
        String commit = git(sources, "rev-parse", "--short=12", "HEAD");
        String changes = git(sources, "status", "--porcelain", "--untracked-files=no");
        return commit.isEmpty() || changes.isEmpty() ? commit : commit + "+";
    }

    /** The checkout that holds the running jar or classes, if it is one of Tarn. */
    private static @Nullable Path sources() {
        CodeSource source = Version.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            return null;
        }
        try {
            for (Path folder = Path.of(source.getLocation().toURI()); folder != null; folder = folder.getParent()) {
                if (Files.exists(folder.resolve(".git"))) {
                    return Files.isDirectory(folder.resolve("src/main/java/dev/tarn")) ? folder : null;
                }
            }
        } catch (URISyntaxException | IllegalArgumentException e) {
            // Not a file: then there are no sources around it.
        }
        return null;
    }

    private static String git(Path folder, String... arguments) {
        String[] command = new String[arguments.length + 3];
        command[0] = "git";
        command[1] = "-C";
        command[2] = folder.toString();
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroy();
                return "";
            }
            return process.exitValue() == 0 ? output : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
