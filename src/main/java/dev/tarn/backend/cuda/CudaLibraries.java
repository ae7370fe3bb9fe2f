package dev.tarn.backend.cuda;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import jcuda.LogLevel;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import org.jspecify.annotations.Nullable;

/**
 * Loads what CUDA has in native code, once in a process: NVIDIA's libraries from where {@link LibraryFolders} finds them,
 * then JCuda's. NVIDIA's are loaded by their full path before JCuda's ask for them by name, since the loader then takes what
 * is loaded; the variable that could tell it another place cannot be set any more once Java runs. On a machine without a
 * driver nothing is unpacked and nothing is loaded. Thread-safety: all methods may be called from any thread.
 */
final class CudaLibraries {

    /** How every sentence about something missing ends. */
    static final String OR_CPU = ", or use --device cpu.";

    /** The oldest driver that runs CUDA 12's libraries. */
    static final String OLDEST_DRIVER = "525.60.13";

    /**
     * A library of NVIDIA's, as it was loaded.
     *
     * @param origin by what it was found: a flag, a variable, or a word for the place
     * @param version as far as the name of the file tells; null if it does not
     */
    record Found(
            String name, Path path, String origin, @Nullable String version) {}

    private record Outcome(@Nullable String problem, List<Found> found) {}

    /** What is loaded of NVIDIA's, with symbols that stand for all others: one of a version that lacks them is refused. */
    @SuppressWarnings("ImmutableEnumChecker") // the lists are
    private enum Library {
        DRIVER("libcuda.so", 1, "cuInit", "cuDevicePrimaryCtxRetain", "cuLaunchKernel", "cuGraphInstantiateWithFlags"),
        CUBLAS("libcublas.so", 12, "cublasCreate_v2", "cublasGemmEx", "cublasSetWorkspace_v2"),
        CUDNN("libcudnn.so", 9, "cudnnCreate", "cudnnRNNForward", "cudnnRNNBackwardWeights_v8");

        private final String stem;
        private final int version;
        private final List<String> symbols;

        Library(String stem, int version, String... symbols) {
            this.stem = stem;
            this.version = version;
            this.symbols = List.of(symbols);
        }

        String file() {
            return stem + "." + version;
        }

        /** What is said if there is none. */
        String missing() {
            return switch (this) {
                case DRIVER ->
                    "there is no NVIDIA driver (libcuda.so.1 was not found); install driver " + OLDEST_DRIVER
                            + " or newer" + OR_CPU;
                case CUBLAS ->
                    "cuBLAS 12 is not installed (libcublas.so.12 was not found); install the libraries of CUDA 12 or"
                            + " name their folder with --cuda-libs" + OR_CPU;
                case CUDNN ->
                    "cuDNN 9 is not installed (libcudnn.so.9 was not found); install cuDNN 9 for CUDA 12 or name its"
                            + " folder with --cuda-libs" + OR_CPU;
            };
        }

        /** What is said if there is another version only. */
        String otherVersion(Path other) {
            String need = this == CUDNN ? "cuDNN 9 for CUDA 12" : "CUDA 12";
            return "version " + version + " of " + stem.replace(".so", "") + " is needed (" + file() + ") and only "
                    + other + " was found; install the one of " + need + " beside it" + OR_CPU;
        }
    }

    /** Loaded ahead of the library that names them, where they lie beside it. */
    private static final List<String> OF_CUBLAS = List.of("libcublasLt.so.12");

    /** What recurrent layers need; cuDNN itself looks for them by name alone, which finds none in a folder of its own. */
    private static final List<String> OF_CUDNN =
            List.of("libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_cnn.so.9", "libcudnn_adv.so.9");

    /** Held, because Java forgets the level of a logger that no one holds; apart, because few processes come that far. */
    private static final class JcudaLog {
        static final Logger LOGGER = Logger.getLogger("jcuda");
    }

    private static @Nullable Outcome outcome;

    private CudaLibraries() {}

    /** Null once everything is loaded, otherwise one sentence that says what is missing and how to mend it. */
    static @Nullable String problem() {
        return outcome().problem;
    }

    /** Whether there is a driver to load, be it good or not; nothing is loaded to see it. */
    static boolean isDriverHere() {
        return !LibraryFolders.ofThisProcess().find(Library.DRIVER.file()).isEmpty();
    }

    /** Whether this machine has no driver, and so was not meant for CUDA. */
    static boolean isAbsent() {
        return Library.DRIVER.missing().equals(problem());
    }

    /** What was loaded of NVIDIA's libraries, in that order. */
    static List<Found> found() {
        return outcome().found;
    }

    private static synchronized Outcome outcome() {
        if (outcome == null) {
            List<Found> found = new ArrayList<>();
            String problem = platformProblem(System.getProperty("os.name"), System.getProperty("os.arch"));
            if (problem == null) {
                problem = load(LibraryFolders.ofThisProcess(), CudaLibraries::loadHere, found);
            }
            outcome = new Outcome(problem == null ? loadJcuda() : problem, List.copyOf(found));
        }
        return outcome;
    }

    static @Nullable String platformProblem(String system, String processor) {
        return system.equals("Linux") && processor.equals("amd64")
                ? null
                : "CUDA is used on Linux on x86_64 only, and this is " + system + " on " + processor
                        + "; use --device cpu.";
    }

    /** Loads NVIDIA's libraries; the answer is as that of {@link #problem()}. */
    static @Nullable String load(LibraryFolders folders, Consumer<String> loader, List<Found> found) {
        String mistake = folders.mistake();
        if (mistake != null) {
            return "the folder " + mistake
                    + " that --cuda-libs or TARN_CUDA_LIBS names does not exist; name folders that"
                    + " hold libcublas.so.12 and libcudnn.so.9, with a colon between them.";
        }
        for (Library library : Library.values()) {
            // Who has installed the driver alone is to hear of both others at once.
            if (library == Library.CUBLAS && isAbsent(library, folders) && isAbsent(Library.CUDNN, folders)) {
                return "cuBLAS 12 and cuDNN 9 are not installed (libcublas.so.12 and libcudnn.so.9 were not found); install"
                        + " the libraries of CUDA 12 and cuDNN 9 for it or name their folders with --cuda-libs"
                        + OR_CPU;
            }
            String problem = load(library, folders, loader, found);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private static boolean isAbsent(Library library, LibraryFolders folders) {
        return folders.find(library.file()).isEmpty() && folders.otherVersion(library.stem, library.file()) == null;
    }

    private static @Nullable String load(
            Library library, LibraryFolders folders, Consumer<String> loader, List<Found> found) {
        String first = null;
        for (LibraryFolders.Candidate candidate : folders.find(library.file())) {
            String complaint = load(library, candidate, loader, found);
            if (complaint == null) {
                return null;
            }
            if (first == null) {
                first = candidate.file() + " cannot be used: " + complaint + "; " + mend(library) + OR_CPU;
            }
            // The user meant this one; another would be a surprise.
            if (candidate.isNamed()) {
                return first;
            }
        }
        if (first != null) {
            return first;
        }
        Path other = folders.otherVersion(library.stem, library.file());
        return other == null ? library.missing() : library.otherVersion(other);
    }

    private static String mend(Library library) {
        return library == Library.DRIVER
                ? "install driver " + OLDEST_DRIVER + " or newer"
                : "name the folder of another " + library.file() + " with --cuda-libs";
    }

    private static @Nullable String load(
            Library library, LibraryFolders.Candidate candidate, Consumer<String> loader, List<Found> found) {
        String complaint = complaint(library, candidate.file());
        if (complaint != null) {
            return complaint;
        }
        List<String> parts = switch (library) {
            case DRIVER -> List.of();
            case CUBLAS -> OF_CUBLAS;
            case CUDNN -> OF_CUDNN;
        };
        for (String part : parts) {
            LibraryFolders.Candidate beside = new LibraryFolders.Candidate(
                    candidate.file().resolveSibling(part), candidate.origin(), candidate.isNamed());
            boolean isLoaded = Files.isRegularFile(beside.file()) && load(beside.file(), loader) == null;
            // cuDNN's parts are always of one version with it.
            if (isLoaded && library == Library.CUBLAS) {
                found.add(found(part, beside));
            }
        }
        complaint = load(candidate.file(), loader);
        if (complaint == null) {
            found.add(found(library.file(), candidate));
        }
        return complaint;
    }

    private static @Nullable String complaint(Library library, Path file) {
        try {
            ElfFile elf = ElfFile.read(file);
            if (!library.file().equals(elf.soname())) {
                return "it calls itself " + elf.soname();
            }
            for (String symbol : library.symbols) {
                if (!elf.knows(symbol)) {
                    return "it has no " + symbol;
                }
            }
            return null;
        } catch (IOException e) {
            return e instanceof FileSystemException ? "it cannot be read" : e.getMessage();
        }
    }

    private static @Nullable String load(Path file, Consumer<String> loader) {
        try {
            loader.accept(file.toAbsolutePath().toString());
            return null;
        } catch (UnsatisfiedLinkError e) {
            return loaderText(e, file);
        }
    }

    /** Java ties a library to the class that loads it: that must be one beside JCuda's, and not a lambda of the JDK's. */
    private static void loadHere(String path) {
        System.load(path);
    }

    /** The loader's own words without the path that the sentence has already, and without Java's guess at a cause. */
    private static String loaderText(UnsatisfiedLinkError error, Path file) {
        String text = String.valueOf(error.getMessage()).replaceAll("\\s+", " ");
        String[] paths = {file.toString(), realPath(file).toString()};
        for (String path : paths) {
            text = text.startsWith(path + ": ") ? text.substring(path.length() + 2) : text;
        }
        return text.replaceFirst(" \\(Possible cause.*", "").strip();
    }

    private static Found found(String name, LibraryFolders.Candidate candidate) {
        String file = String.valueOf(realPath(candidate.file()).getFileName());
        return new Found(name, candidate.file(), candidate.origin(), version(file));
    }

    /** {@code "550.90.07"} of {@code libcuda.so.550.90.07}; a major version alone says nothing new. */
    private static @Nullable String version(String file) {
        String version = file.substring(file.indexOf(".so.") + 4);
        return version.matches("\\d+(\\.\\d+)+") ? version : null;
    }

    private static Path realPath(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }

    /** Unpacks and loads JCuda's libraries, and initialises the classes that would otherwise do so in their own way. */
    private static @Nullable String loadJcuda() {
        JcudaLog.LOGGER.setLevel(Level.OFF);
        UnpackedNatives natives;
        try {
            natives = UnpackedNatives.unpack(List.of("JCudaDriver", "JCublas2", "JCudnn"), System.getenv());
        } catch (IOException e) {
            String cause = e instanceof FileSystemException ? e.getMessage() + " cannot be written" : e.getMessage();
            return "JCuda's own libraries cannot be unpacked (" + cause
                    + "); set XDG_CACHE_HOME to a folder of your own that can be written" + OR_CPU;
        }
        for (Path file : natives.files()) {
            String complaint = load(file, CudaLibraries::loadHere);
            if (complaint != null) {
                return file + " does not load: " + complaint + "; "
                        + (complaint.contains("failed to map segment")
                                ? "set XDG_CACHE_HOME to a folder from which programs may run"
                                : "run `tarn doctor` to see which libraries were found")
                        + OR_CPU;
            }
        }
        try {
            natives.whileFound(() -> {
                JCudaDriver.setLogLevel(LogLevel.LOG_QUIET);
                JCublas2.setLogLevel(LogLevel.LOG_QUIET);
                JCudnn.setLogLevel(LogLevel.LOG_QUIET);
            });
            return null;
        } catch (LinkageError e) {
            return "the classes of JCuda do not fit its native libraries ("
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                    + "); put the jars of one version on the class path" + OR_CPU;
        }
    }
}
