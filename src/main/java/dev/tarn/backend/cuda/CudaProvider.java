package dev.tarn.backend.cuda;

import dev.tarn.ConfigException;
import dev.tarn.DeviceException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Diagnosis;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Precision;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Offers {@code --device cuda:N} where an NVIDIA driver, cuBLAS 12 and cuDNN 9 load and a GPU of their kind is there. */
public final class CudaProvider implements BackendProvider {

    static final String NAME = "cuda";

    /** Called by {@link java.util.ServiceLoader}; looks for nothing yet. */
    public CudaProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int rank() {
        return 10;
    }

    @Override
    public @Nullable String unavailable() {
        return Driver.PROBLEM;
    }

    @Override
    public boolean isAbsent() {
        return CudaLibraries.isAbsent();
    }

    /** Starts the driver once, and only after all libraries are there. */
    private static final class Driver {
        static final @Nullable String PROBLEM = problem();

        private static @Nullable String problem() {
            String problem = CudaLibraries.problem();
            try {
                return problem == null ? DriverCheck.problem() : problem;
            } catch (DeviceException e) {
                return e.sentence();
            }
        }
    }

    @Override
    public List<Precision> precisions() {
        return List.of(Precision.F32, Precision.TF32, Precision.BF16);
    }

    @Override
    public List<LstmPath> lstmPaths() {
        return List.of(LstmPath.FUSED, LstmPath.CUDNN);
    }

    /** In a process of its own, which libraries of a wrong version may end; without a driver there is nothing to end it. */
    @Override
    public Diagnosis diagnose() {
        String problem = CudaLibraries.isDriverHere() ? null : unavailable();
        return problem == null
                ? CudaProbe.run()
                : new Diagnosis(false, List.of(new Diagnosis.Finding("device cuda", false, problem)));
    }

    /** Whether the first device opens in this process. */
    Diagnosis diagnoseHere() {
        return BackendProvider.super.diagnose();
    }

    @Override
    public Backend open(int index, BackendOptions options) {
        String problem = unavailable();
        if (problem != null) {
            throw new DeviceException("--device cuda:" + index + " cannot be used: " + problem);
        }
        requireOffered(options);
        List<DriverCheck.Gpu> gpus = DriverCheck.gpus();
        if (index >= gpus.size()) {
            throw new DeviceException("--device cuda:" + index + " does not exist: the driver sees " + gpus.size()
                    + (gpus.size() == 1 ? " GPU" : " GPUs") + "; use --device cuda:" + (gpus.size() - 1)
                    + (gpus.size() == 1 ? "." : " or less."));
        }
        DriverCheck.Gpu gpu = gpus.get(index);
        if (!gpu.isSupported()) {
            throw new DeviceException("--device cuda:" + index + " is too old (" + gpu
                    + "), and compute capability 7.5 or higher is needed; use another GPU" + CudaLibraries.OR_CPU);
        }
        if (options.precision() != Precision.F32 && !gpu.hasTensorFloat()) {
            throw new ConfigException("--precision " + word(options.precision()) + " takes compute capability 8.0 or "
                    + "higher, and --device cuda:" + index + " is " + gpu + "; use --precision f32.");
        }
        return new CudaBackend(gpu, options.precision(), options.lstm());
    }

    private void requireOffered(BackendOptions options) {
        if (!precisions().contains(options.precision())) {
            throw new ConfigException("--precision " + word(options.precision())
                    + " is not offered by --device cuda, which has f32, tf32 and bf16; use --device reference.");
        }
        if (options.precision() == Precision.BF16 && options.lstm() == LstmPath.CUDNN) {
            throw new ConfigException("--lstm cudnn has no bf16; use --lstm fused or --precision tf32.");
        }
    }

    private static String word(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }
}
