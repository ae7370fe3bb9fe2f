package dev.tarn.backend.cuda;

import dev.tarn.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** The modules of kernels that the jar carries as PTX, compiled by the driver for the processor at hand. */
final class Kernels implements AutoCloseable {

    /** One for each source in {@code kernels/}; the driver keeps what it compiled in a cache of its own. */
    static final List<String> MODULES = List.of(
            "activation_reg",
            "column_sums",
            "dropout",
            "embedding",
            "lstm_pointwise",
            "optimizers",
            "softmax_xent",
            "weight_drop");

    private final List<CUmodule> modules = new ArrayList<>();
    private final Map<String, Kernel> kernels = new HashMap<>();

    /** @throws DeviceException if the driver refuses a module */
    Kernels(CUstream stream) {
        try {
            for (String module : MODULES) {
                load(module, stream);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The text of a module. */
    static String ptx(String module) {
        try (InputStream in = Kernels.class.getResourceAsStream("kernels/" + module + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("this build has no PTX of " + module);
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new DeviceException("The kernels of " + module + " cannot be read (" + e.getMessage() + ").", e);
        }
    }

    private void load(String name, CUstream stream) {
        String ptx = ptx(name);
        byte[] text = ptx.getBytes(StandardCharsets.US_ASCII);
        CUmodule module = new CUmodule();
        // One byte more than the text has: the driver reads up to a zero.
        int result = JCudaDriver.cuModuleLoadData(module, Arrays.copyOf(text, text.length + 1));
        if (result == CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION) {
            throw new DeviceException(
                    "The NVIDIA driver is too old for the kernels of Tarn; install driver 525.60.13 or newer.");
        }
        Cuda.check(result, "cuModuleLoadData of " + name);
        modules.add(module);
        for (KernelSignature signature : KernelSignature.parse(ptx).values()) {
            CUfunction function = new CUfunction();
            Cuda.check(JCudaDriver.cuModuleGetFunction(function, module, signature.name()), signature.name());
            kernels.put(signature.name(), new Kernel(signature, function, stream));
        }
    }

    /** A kernel by its name in the source. */
    Kernel of(String name) {
        Kernel kernel = kernels.get(name);
        if (kernel == null) {
            throw new IllegalArgumentException("there is no kernel " + name);
        }
        return kernel;
    }

    @Override
    public void close() {
        for (CUmodule module : modules) {
            Cuda.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
        }
        modules.clear();
    }
}
