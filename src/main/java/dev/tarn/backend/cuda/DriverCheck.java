package dev.tarn.backend.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Asks the driver, once it is loaded, whether it can be used and which GPUs it has. Nothing is allocated and no context is
 * made.
 */
final class DriverCheck {

    /** CUDA 12.0, in the driver's way of counting. */
    private static final int OLDEST_CUDA = 12_000;

    /** The kernels are compiled for 7.5 (Turing); drivers translate them to what is newer, never to what is older. */
    private static final int OLDEST_CAPABILITY = 75;

    private static final int TENSOR_FLOAT_CAPABILITY = 80;

    private static final int NAME_BYTES = 256;

    /**
     * A GPU.
     *
     * @param capability its compute capability times ten
     */
    record Gpu(int index, String name, int capability, long memoryBytes) {

        /** Whether the kernels run on it. */
        boolean isSupported() {
            return capability >= OLDEST_CAPABILITY;
        }

        /** Whether its tensor cores multiply TensorFloat-32 and bfloat16. */
        boolean hasTensorFloat() {
            return capability >= TENSOR_FLOAT_CAPABILITY;
        }

        /** {@code cuda:0 NVIDIA L4, compute capability 8.9, 23034 MiB}. */
        @Override
        public String toString() {
            return "cuda:" + index + " " + name + ", compute capability " + capability / 10 + "." + capability % 10
                    + ", " + (memoryBytes >> 20) + " MiB";
        }
    }

    private DriverCheck() {}

    /** Starts the driver; null if it can be used, otherwise one sentence that says why not and how to mend it. */
    static @Nullable String problem() {
        int status = JCudaDriver.cuInit(0);
        if (status != CUresult.CUDA_SUCCESS) {
            return problem(status);
        }
        int cuda = cudaVersion();
        if (cuda < OLDEST_CUDA) {
            return "the driver has CUDA " + words(cuda) + " and 12.0 is needed; install driver "
                    + CudaLibraries.OLDEST_DRIVER + " or newer" + CudaLibraries.OR_CPU;
        }
        List<Gpu> gpus = gpus();
        if (gpus.isEmpty()) {
            return problem(CUresult.CUDA_ERROR_NO_DEVICE);
        }
        if (gpus.stream().noneMatch(Gpu::isSupported)) {
            return "the GPU is too old (" + gpus.get(0)
                    + "), and compute capability 7.5 or higher is needed; use --device" + " cpu.";
        }
        return null;
    }

    /** What the driver's refusal to start means. */
    static String problem(int status) {
        String cause = switch (status) {
            case CUresult.CUDA_ERROR_NO_DEVICE ->
                "the driver sees no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES, start a container with --gpus"
                        + " all";
            case CUresult.CUDA_ERROR_STUB_LIBRARY ->
                "the libcuda.so.1 that was found is the toolkit's stub for linking and no driver; install driver "
                        + CudaLibraries.OLDEST_DRIVER + " or newer";
            case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH ->
                "the driver's library and its kernel module are of different versions; restart the machine";
            case CUresult.CUDA_ERROR_SYSTEM_NOT_READY ->
                "the driver is not ready (status 802); check that the services of NVIDIA's driver run";
            case CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ->
                "CUDA's compatibility package does not support this GPU; remove its folder from LD_LIBRARY_PATH";
            default ->
                "the driver does not start (status " + status + ", " + CUresult.stringFor(status)
                        + "); check nvidia-smi, and restart the machine if it fails too";
        };
        return cause + CudaLibraries.OR_CPU;
    }

    /** The newest CUDA that the driver has: 12040 is 12.4. */
    static int cudaVersion() {
        int[] version = new int[1];
        Cuda.check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
        return version[0];
    }

    /** {@code "12.4"} of 12040. */
    static String words(int cudaVersion) {
        return cudaVersion / 1000 + "." + cudaVersion % 1000 / 10;
    }

    /** All GPUs, by index. */
    static List<Gpu> gpus() {
        int[] count = new int[1];
        Cuda.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
        List<Gpu> gpus = new ArrayList<>();
        for (int i = 0; i < count[0]; i++) {
            CUdevice device = new CUdevice();
            Cuda.check(JCudaDriver.cuDeviceGet(device, i), "cuDeviceGet");
            byte[] name = new byte[NAME_BYTES];
            Cuda.check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
            long[] memory = new long[1];
            Cuda.check(JCudaDriver.cuDeviceTotalMem(memory, device), "cuDeviceTotalMem");
            int capability = 10 * attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                    + attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
            gpus.add(new Gpu(i, text(name), capability, memory[0]));
        }
        return gpus;
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        Cuda.check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }

    private static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }
}
