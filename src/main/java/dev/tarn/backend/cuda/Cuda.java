package dev.tarn.backend.cuda;

import dev.tarn.DeviceException;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/**
 * Turns what CUDA's libraries return into exceptions. JCuda's own exceptions stay off: they name a number, and for cuDNN 9
 * not even the right one.
 */
final class Cuda {

    static final int SUCCESS = 0;
    static final int OUT_OF_MEMORY = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    static final int NOT_READY = CUresult.CUDA_ERROR_NOT_READY;

    private Cuda() {}

    /**
     * Checks a call of the driver.
     *
     * @param what was done, for the message: the name of a function or a kernel
     */
    static void check(int result, String what) {
        if (result != SUCCESS) {
            throw failure("CUDA", what, describe(result));
        }
    }

    /** Checks a call of cuBLAS. */
    static void checkBlas(int status, String what) {
        if (status != SUCCESS) {
            throw failure("cuBLAS", what, JCublas2.cublasGetStatusString(status) + " (" + status + ")");
        }
    }

    /** Checks a call of cuDNN. */
    static void checkDnn(int status, String what) {
        if (status != SUCCESS) {
            throw failure("cuDNN", what, JCudnn.cudnnGetErrorString(status) + " (" + status + ")");
        }
    }

    private static DeviceException failure(String library, String what, String why) {
        return new DeviceException(library + " failed in " + what + ": " + why
                + "; nothing on this device can be used any more, resume from the latest checkpoint.");
    }

    /** {@code "out of memory (2)"}. */
    static String describe(int result) {
        String[] text = new String[1];
        JCudaDriver.cuGetErrorString(result, text);
        return text[0] + " (" + result + ")";
    }
}
