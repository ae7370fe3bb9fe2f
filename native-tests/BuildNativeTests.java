import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Builds the native tests and the software CUDA device with CMake where it and a C++ compiler are installed, and says so
 * where they are not; Maven runs it before the Java tests. From the root of the project:
 *
 * <pre>{@code java native-tests/BuildNativeTests.java target/native}</pre>
 *
 * Only what changed is built again. The folder {@code device} in the target is there in any case, empty where nothing was
 * built, and Java tests look for the device's libraries in it.
 */
public final class BuildNativeTests {

    private static final List<String> COMPILERS = List.of("g++", "c++");

    private BuildNativeTests() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Path target = Path.of(args[0]).toAbsolutePath();
        Files.createDirectories(target.resolve("device"));
        if (!isInstalled("cmake") || COMPILERS.stream().noneMatch(BuildNativeTests::isInstalled)) {
            System.out.println("No cmake or no C++ compiler on the PATH: the tests on the software CUDA device are skipped.");
            return;
        }
        Path log = target.resolve("build.log");
        Files.deleteIfExists(log);
        String source = "native-tests";
        run(log, List.of("cmake", "-S", source, "-B", target.toString(), "-DCMAKE_BUILD_TYPE=Release"));
        String jobs = String.valueOf(Runtime.getRuntime().availableProcessors());
        run(log, List.of("cmake", "--build", target.toString(), "--parallel", jobs));
    }

    private static boolean isInstalled(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> !folder.isEmpty() && Files.isExecutable(Path.of(folder, program)));
    }

    private static void run(Path log, List<String> command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start()
                .waitFor();
        if (status != 0) {
            System.out.println(Files.readString(log));
            System.out.println(String.join(" ", command) + " failed with " + status);
            System.exit(1);
        }
    }
}
