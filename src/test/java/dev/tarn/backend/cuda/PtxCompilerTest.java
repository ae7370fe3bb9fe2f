package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * What compilers make of the PTX that ships, for every kind of GPU that Tarn runs on; none of it needs a GPU. JCuda has the
 * compiler of CUDA 12.0 in it, which is as old as the oldest driver that Tarn runs with; GPUs newer than that go through
 * ptxas of CUDA 13 where there is one. The numbers are held against a table, so that a change to a kernel shows what it does
 * to registers and occupancy; {@code mvn test -Dtest=PtxCompilerTest -Dregisters.update=true} writes the table anew.
 */
class PtxCompilerTest {

    static final List<Architecture> OF_JCUDA = List.of(
            new Architecture("sm_75", 1024, 16, 64 << 10),
            new Architecture("sm_80", 2048, 32, 164 << 10),
            new Architecture("sm_86", 1536, 16, 100 << 10),
            new Architecture("sm_89", 1536, 24, 100 << 10),
            new Architecture("sm_90", 2048, 32, 228 << 10));

    static final List<Architecture> OF_PTXAS =
            List.of(new Architecture("sm_100", 2048, 32, 228 << 10), new Architecture("sm_120", 1536, 24, 100 << 10));

    /** Other versions of ptxas must compile everything without spills too, but may count other registers. */
    private static final String PTXAS_OF_THE_TABLE = "release 13.0";

    private static final Path TABLE = Path.of("src/test/resources/dev/tarn/backend/cuda/registers.csv");
    private static final String HEADER = "architecture,kernel,threads,registers,shared_bytes,resident_blocks";

    @TempDir
    private Path temp;

    /** JCuda's compiler where Tarn's own way of unpacking puts it, away from the user's cache. */
    @BeforeAll
    static void loadTheCompiler() throws IOException {
        Path cache = Path.of("target/cache").toAbsolutePath();
        UnpackedNatives.unpack(List.of("JNvPTXCompiler"), Map.of("XDG_CACHE_HOME", cache.toString()))
                .whileFound(() -> JNvPTXCompiler.setExceptionsEnabled(true));
    }

    @ParameterizedTest
    @FieldSource("OF_JCUDA")
    void theCompilerInJcudaTakesEveryModule(Architecture architecture) throws IOException {
        List<CompiledKernel> kernels = new ArrayList<>();
        for (String ptx : ShippedPtx.modules().values()) {
            kernels.addAll(CompiledKernel.parse(compile(ptx, architecture.name())));
        }
        check(architecture, kernels, true);
    }

    @ParameterizedTest
    @FieldSource("OF_PTXAS")
    void ptxasTakesEveryModule(Architecture architecture) throws IOException, InterruptedException {
        String ptxas = ptxas();
        if (ptxas == null) {
            System.out.println("PtxCompilerTest: skipped " + architecture.name()
                    + ", which needs ptxas of CUDA 13 on the PATH or in /usr/local/cuda/bin");
        }
        assumeTrue(ptxas != null, "no ptxas");
        List<CompiledKernel> kernels = new ArrayList<>();
        for (Path file : ShippedPtx.files(ShippedPtx.FOLDER, ".ptx")) {
            kernels.addAll(CompiledKernel.parse(
                    run(ptxas, "--verbose", "-arch=" + architecture.name(), "-o", "/dev/null", file.toString())));
        }
        check(architecture, kernels, run(ptxas, "--version").contains(PTXAS_OF_THE_TABLE));
    }

    /** An error of a kernel is told with its line, and is not taken for a kernel without registers. */
    @Test
    void aModuleThatIsNoPtxIsRefused() {
        String log = compile(".version 7.8\n.target sm_75\n.address_size 64\nnonsense;\n", "sm_80");
        assertThat(log).contains("line 4");
        assertThat(CompiledKernel.parse(log)).isEmpty();
    }

    private static void check(Architecture architecture, List<CompiledKernel> kernels, boolean comparesRegisters)
            throws IOException {
        Map<String, KernelSignature> signatures = new TreeMap<>();
        for (String ptx : ShippedPtx.modules().values()) {
            signatures.putAll(KernelSignature.parse(ptx));
        }
        assertThat(kernels).extracting(CompiledKernel::name).containsExactlyInAnyOrderElementsOf(signatures.keySet());
        assertThat(kernels.stream()
                        .filter(kernel -> kernel.stackBytes() > 0 || kernel.spilledBytes() > 0)
                        .map(kernel -> architecture.name() + " " + kernel.name()))
                .as("spills or stack frames")
                .isEmpty();
        List<String> rows = kernels.stream()
                .sorted(Comparator.comparing(CompiledKernel::name))
                .map(kernel -> row(
                        architecture,
                        kernel,
                        Objects.requireNonNull(signatures.get(kernel.name())).blockSize()))
                .toList();
        if (Boolean.getBoolean("registers.update")) {
            update(architecture, rows);
        }
        if (comparesRegisters) {
            assertThat(Files.readAllLines(TABLE).stream().filter(row -> row.startsWith(architecture.name() + ",")))
                    .as("after a change that is meant, run this with -Dregisters.update=true")
                    .containsExactlyElementsOf(rows);
        }
    }

    private static String row(Architecture architecture, CompiledKernel kernel, int threads) {
        return String.format(
                Locale.ROOT,
                "%s,%s,%d,%d,%d,%d",
                architecture.name(),
                kernel.name(),
                threads,
                kernel.registers(),
                kernel.sharedBytes(),
                architecture.residentBlocks(threads, kernel.registers(), kernel.sharedBytes()));
    }

    private static void update(Architecture architecture, List<String> rows) throws IOException {
        List<String> all = new ArrayList<>(Files.exists(TABLE) ? Files.readAllLines(TABLE) : List.of());
        all.removeIf(row -> row.equals(HEADER) || row.startsWith(architecture.name() + ","));
        all.addAll(rows);
        all.sort(Comparator.comparing((String row) -> Integer.parseInt(row.substring(3, row.indexOf(','))))
                .thenComparing(row -> row));
        all.add(0, HEADER);
        Files.writeString(TABLE, String.join("\n", all) + "\n");
    }

    /** What JCuda's compiler says. */
    private static String compile(String ptx, String architecture) {
        // Without the zero at the end the compiler reads on; its logs of a handle that was not created end the process.
        byte[] text = (ptx + "\0").getBytes(StandardCharsets.UTF_8);
        nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
        JNvPTXCompiler.setExceptionsEnabled(true);
        JNvPTXCompiler.nvPTXCompilerCreate(handle, text.length - 1L, text);
        JNvPTXCompiler.setExceptionsEnabled(false);
        try {
            String[] options = {
                "--gpu-name=" + architecture, "--verbose", "--warn-on-spills", "--warn-on-local-memory-usage"
            };
            boolean isGood = JNvPTXCompiler.nvPTXCompilerCompile(handle, options.length, options) == 0;
            long[] size = new long[1];
            if (isGood) {
                JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(handle, size);
            } else {
                JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size);
            }
            byte[] log = new byte[Math.toIntExact(size[0]) + 1];
            if (isGood) {
                JNvPTXCompiler.nvPTXCompilerGetInfoLog(handle, log);
            } else {
                JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, log);
            }
            return new String(Arrays.copyOf(log, log.length - 1), StandardCharsets.UTF_8);
        } finally {
            JNvPTXCompiler.nvPTXCompilerDestroy(handle);
        }
    }

    private static @Nullable String ptxas() {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)),
                        Stream.of("/usr/local/cuda/bin"))
                .map(folder -> Path.of(folder, "ptxas"))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElse(null);
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path log = Files.createTempFile(temp, "ptxas", ".log");
        int exitCode = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        assertThat(exitCode).as(Files.readString(log)).isZero();
        return Files.readString(log);
    }
}
