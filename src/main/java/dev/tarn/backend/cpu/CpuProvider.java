package dev.tarn.backend.cpu;

import dev.tarn.ConfigException;
import dev.tarn.DeviceException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Offers {@code --device cpu} wherever the native library of oneDNN loads. */
public final class CpuProvider implements BackendProvider {

    static final String NAME = "cpu";

    private static final String MEMORY_LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

    /** Called by {@link java.util.ServiceLoader}. */
    public CpuProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int rank() {
        return 0;
    }

    @Override
    public @Nullable String unavailable() {
        return Natives.PROBLEM;
    }

    /** Loads the natives once. */
    private static final class Natives {
        static final @Nullable String PROBLEM = load();

        private static @Nullable String load() {
            // JavaCPP would otherwise refuse to work once the process holds four times the Java heap; this backend
            // keeps its own account of memory, and does not leave freeing to the garbage collector.
            if (System.getProperty(MEMORY_LIMIT) == null) {
                System.setProperty(MEMORY_LIMIT, "0");
            }
            try {
                OneDnn.describe();
                return null;
            } catch (LinkageError e) {
                return "the native library of oneDNN for " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch") + " does not load (" + e.getMessage()
                        + "); put the dnnl, javacpp and opencl jars of this platform on the class path.";
            }
        }
    }

    @Override
    public Backend open(int index, BackendOptions options) {
        requireAutoLstm(options);
        if (index != 0) {
            throw new DeviceException(
                    "--device cpu:" + index + " does not exist: there is one cpu device; use --device cpu.");
        }
        Precision precision = options.precision();
        if (precision == Precision.F64) {
            throw new ConfigException(
                    "--precision f64 is not offered by --device cpu, which has f32 and bf16; use --device reference.");
        }
        if (precision == Precision.TF32) {
            throw new ConfigException(
                    "--precision tf32 is not offered by --device cpu, which has f32 and bf16; use --device cuda.");
        }
        String problem = unavailable();
        if (problem != null) {
            throw new DeviceException("--device cpu cannot be used: " + problem);
        }
        HostMemory memory = HostMemory.ofThisMachine();
        Team team = team(memory, System.getenv());
        if (precision == Precision.BF16 && !team.dnn(0).multiplies(OneDnn.BF16)) {
            team.close();
            throw new ConfigException("--precision bf16 needs a processor with bf16 instructions; this one offers "
                    + OneDnn.describe() + "; use --precision f32.");
        }
        return new CpuBackend(precision, memory, team, processor());
    }

    /**
     * As many threads as TARN_THREADS says, or else OpenMP's OMP_NUM_THREADS, or else one for each processor. Where
     * OpenMP has but one, all of them are hands.
     */
    static Team team(HostMemory memory, Map<String, String> environment) {
        int openMp =
                threads(environment.get("OMP_NUM_THREADS"), Runtime.getRuntime().availableProcessors());
        int threads = threads(environment.get("TARN_THREADS"), openMp);
        return new Team(memory, threads, openMp == 1 ? threads : 1);
    }

    private static int threads(@Nullable String wanted, int otherwise) {
        return wanted != null && wanted.matches("[1-9]\\d{0,3}(,.*)?")
                ? Integer.parseInt(wanted.split(",", 2)[0])
                : otherwise;
    }

    private static String processor() {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (Files.isReadable(cpuinfo)) {
            try (Stream<String> lines = Files.lines(cpuinfo, StandardCharsets.UTF_8)) {
                return lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse(System.getProperty("os.arch"));
            } catch (IOException e) {
                return System.getProperty("os.arch");
            }
        }
        return System.getProperty("os.arch");
    }
}
