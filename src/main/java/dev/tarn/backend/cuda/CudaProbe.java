package dev.tarn.backend.cuda;

import dev.tarn.backend.Diagnosis;
import dev.tarn.backend.Diagnosis.Finding;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import org.jspecify.annotations.Nullable;

/**
 * Looks at CUDA in a process of its own, for {@code tarn doctor}: a driver or library that ends the process, as those of
 * wrong versions do, or never returns, is then a line of the report. The process writes each finding as a line of three
 * fields as soon as it has it, into a file, since native code may print what it likes.
 */
public final class CudaProbe {

    private static final long TIMEOUT_SECONDS = 20;
    private static final String LAST = "end";
    private static final Pattern PTX_VERSION = Pattern.compile("\"ptxVersion\": \"(\\d+)\\.(\\d+)\"");

    /** GPUs of compute capability 10 and higher need newer libraries than Tarn does: 9.7 and 12.8. */
    private static final int BLACKWELL = 100;

    private static final int CUDNN_FOR_BLACKWELL = 907;
    private static final int CUBLAS_FOR_BLACKWELL = 1208;

    /** An exit code above this is a signal. */
    private static final int SIGNALS = 128;

    private final Path report;

    private CudaProbe(Path report) {
        this.report = report;
    }

    /** The process itself. */
    public static void main(String[] args) throws IOException {
        new CudaProbe(Path.of(args[0])).probe();
    }

    /** What the process finds out, and how it ends. */
    static Diagnosis run() {
        Path report = null;
        Path log = null;
        try {
            report = Files.createTempFile("tarn-cuda", ".txt");
            log = Files.createTempFile("tarn-cuda", ".log");
            Process process = new ProcessBuilder(command(report))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            boolean hasEnded = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (!hasEnded) {
                process.destroyForcibly().waitFor();
            }
            return diagnosis(
                    Files.readAllLines(report),
                    Files.readString(log, StandardCharsets.ISO_8859_1),
                    hasEnded ? process.exitValue() : null);
        } catch (IOException e) {
            return new Diagnosis(
                    false,
                    List.of(new Finding(
                            "device cuda",
                            false,
                            "no process could be started to look at CUDA (" + e.getMessage()
                                    + "); use --device cpu.")));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Diagnosis(false, List.of());
        } finally {
            delete(report);
            delete(log);
        }
    }

    private static void delete(@Nullable Path file) {
        if (file != null) {
            file.toFile().delete();
        }
    }

    private static List<String> command(Path report) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The flags of this process without its agents; properties that were set since then follow.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("-D") || flag.startsWith("--"))
                .forEach(command::add);
        String libraries = System.getProperty(LibraryFolders.PROPERTY);
        if (libraries != null) {
            command.add("-D" + LibraryFolders.PROPERTY + "=" + libraries);
        }
        // A process that crashes is to leave nothing behind.
        command.addAll(List.of("-XX:+SuppressFatalErrorMessage", "-XX:-CreateCoredumpOnCrash"));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(CudaProbe.class.getName(), report.toString()));
        return command;
    }

    /**
     * Puts the lines of the report and the end of the process together.
     *
     * @param exitCode null if the process had to be ended
     */
    static Diagnosis diagnosis(List<String> lines, String log, @Nullable Integer exitCode) {
        List<Finding> findings = new ArrayList<>();
        boolean isComplete = false;
        for (String line : lines) {
            String[] fields = line.split("\t", -1);
            if (fields.length == 3) {
                findings.add(new Finding(fields[1], fields[0].equals("ok"), fields[2]));
            }
            isComplete |= line.equals(LAST);
        }
        boolean isUsable = isComplete
                && findings.stream()
                        .anyMatch(finding -> finding.isGood() && finding.what().startsWith("device "));
        if (!isComplete) {
            String after = findings.isEmpty()
                    ? "while the libraries were loaded"
                    : "after \"" + findings.get(findings.size() - 1).what() + "\"";
            findings.add(new Finding(
                    "device cuda",
                    false,
                    ending(exitCode, log) + " " + after + "; reinstall the driver and libraries of one version"
                            + CudaLibraries.OR_CPU));
        }
        return new Diagnosis(isUsable, findings);
    }

    private static String ending(@Nullable Integer exitCode, String log) {
        if (exitCode == null) {
            return "CUDA did not answer for " + TIMEOUT_SECONDS + " seconds";
        }
        String words = log.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#") && !line.startsWith("\tat "))
                .reduce((line, last) -> last)
                .map(line -> " (" + line.strip() + ")")
                .orElse("");
        return "CUDA's libraries ended the process with "
                + (exitCode > SIGNALS ? "signal " + (exitCode - SIGNALS) : "exit code " + exitCode) + words;
    }

    private void probe() throws IOException {
        String problem = CudaLibraries.problem();
        for (CudaLibraries.Found found : CudaLibraries.found()) {
            say(true, "library " + found.name().replaceFirst("\\.so.*", ""), text(found));
        }
        problem = problem == null ? DriverCheck.problem() : problem;
        if (problem != null) {
            say(false, "device cuda", problem);
            end();
            return;
        }
        List<DriverCheck.Gpu> gpus = DriverCheck.gpus();
        driver();
        boolean isBlackwell = gpus.stream().anyMatch(gpu -> gpu.capability() >= BLACKWELL);
        cublas(isBlackwell);
        cudnn(isBlackwell);
        for (DriverCheck.Gpu gpu : gpus) {
            say(
                    gpu.isSupported(),
                    "GPU " + gpu.index(),
                    gpu + (gpu.isSupported() ? "" : "; compute capability 7.5 or higher is needed."));
        }
        for (Finding finding : new CudaProvider().diagnoseHere().findings()) {
            say(finding.isGood(), finding.what(), finding.text());
        }
        end();
    }

    private static String text(CudaLibraries.Found found) {
        return (found.version() == null ? "" : found.version() + ", ") + found.path() + " (by " + found.origin() + ")";
    }

    /** Whether the driver can translate the kernels: it knows the PTX of its own CUDA and of older ones. */
    private void driver() throws IOException {
        int cuda = DriverCheck.cudaVersion();
        int ptx = cudaOfPtx(PtxModule.manifest());
        say(
                cuda >= ptx,
                "CUDA driver",
                "takes kernels of CUDA " + DriverCheck.words(cuda) + " and older, and Tarn's need "
                        + DriverCheck.words(ptx)
                        + (cuda >= ptx ? "" : "; install driver " + CudaLibraries.OLDEST_DRIVER + " or newer."));
    }

    /** The CUDA that came with a version of PTX: 7.8 with 11.8, 8.0 with 12.0. */
    static int cudaOfPtx(String manifest) {
        Matcher version = PTX_VERSION.matcher(manifest);
        if (!version.find()) {
            throw new IllegalArgumentException("the manifest of the kernels names no version of PTX");
        }
        return (Integer.parseInt(version.group(1)) + 4) * 1000 + Integer.parseInt(version.group(2)) * 10;
    }

    private void cublas(boolean isBlackwell) throws IOException {
        int[] parts = new int[3];
        for (int i = 0; i < parts.length; i++) {
            int[] part = new int[1];
            if (JCublas2.cublasGetProperty(i, part) != 0) {
                return;
            }
            parts[i] = part[0];
        }
        version("cuBLAS", parts, isBlackwell ? CUBLAS_FOR_BLACKWELL : 0);
    }

    private void cudnn(boolean isBlackwell) throws IOException {
        int version = (int) JCudnn.cudnnGetVersion();
        int[] parts = {version / 10_000, version / 100 % 100, version % 100};
        version("cuDNN", parts, isBlackwell ? CUDNN_FOR_BLACKWELL : 0);
    }

    private void version(String what, int[] parts, int oldest) throws IOException {
        boolean isOld = parts[0] * 100 + parts[1] < oldest;
        say(
                !isOld,
                what,
                parts[0] + "." + parts[1] + "." + parts[2]
                        + (isOld
                                ? " is older than the GPU; install " + oldest / 100 + "." + oldest % 100 + " or newer"
                                        + CudaLibraries.OR_CPU
                                : ""));
    }

    private void say(boolean isGood, String what, String text) throws IOException {
        write((isGood ? "ok" : "--") + "\t" + what + "\t" + text.replaceAll("\\s+", " "));
    }

    private void end() throws IOException {
        write(LAST);
    }

    private void write(String line) throws IOException {
        Files.writeString(report, line + "\n", StandardOpenOption.APPEND);
    }
}
