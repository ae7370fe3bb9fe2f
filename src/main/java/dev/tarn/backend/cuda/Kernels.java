package dev.tarn.backend.cuda;

import dev.tarn.DeviceException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** The kernels on one device, by name. */
final class Kernels implements AutoCloseable {

    private final List<CUmodule> modules = new ArrayList<>();
    private final Map<String, Kernel> kernels = new HashMap<>();

    /** @throws DeviceException if the driver refuses a module */
    Kernels(CUstream stream) {
        try {
            for (PtxModule module : PtxModule.all()) {
                load(module, stream);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void load(PtxModule ptx, CUstream stream) {
        CUmodule module = new CUmodule();
        int result = JCudaDriver.cuModuleLoadData(module, ptx.text());
        if (result == CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION) {
            throw new DeviceException(
                    "The NVIDIA driver is too old for the kernels of Tarn; install driver 525.60.13 or newer.");
        }
        Cuda.check(result, "cuModuleLoadData of " + ptx.name());
        modules.add(module);
        for (KernelSignature signature : ptx.kernels()) {
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
