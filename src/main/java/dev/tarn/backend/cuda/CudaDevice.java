package dev.tarn.backend.cuda;

import dev.tarn.backend.Precision;
import java.util.Locale;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;

/**
 * What all operations on one GPU share: the primary context, which is also the libraries', one stream, the handles of
 * cuBLAS and cuDNN, the kernels and two pieces of scratch memory.
 *
 * <p>Thread-safety: one thread at a time, and not always the same one: each operation calls {@link #enter} first.
 */
final class CudaDevice implements AutoCloseable {

    /** What NVIDIA recommends to set aside for cuBLAS on its largest processors; without it cuBLAS would allocate. */
    private static final long BLAS_WORKSPACE = 32L << 20;

    private final DriverCheck.Gpu gpu;
    private final Precision precision;
    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();
    private final cublasHandle blas = new cublasHandle();
    private final cudnnHandle dnn = new cudnnHandle();
    private final DeviceMemory memory;
    private final Kernels kernels;
    private final Gemm gemm;
    private final Gemm plainGemm;
    private final MaskBytes masks = new MaskBytes();
    private final Scratch scratch;
    private final Scratch gradientSpace;

    /** What {@link #close} frees, latest first. */
    private final Owned owned = new Owned();

    /** The thread that the context was last made current on. */
    private Thread thread;

    /**
     * @param gpu as the driver sees it; it was started to see it
     * @throws dev.tarn.DeviceException if it cannot be used
     */
    CudaDevice(DriverCheck.Gpu gpu, Precision precision) {
        this.gpu = gpu;
        this.precision = precision;
        Cuda.check(JCudaDriver.cuDeviceGet(device, gpu.index()), "cuDeviceGet");
        try {
            Cuda.check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
            owned.add(() -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
            Cuda.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            thread = Thread.currentThread();
            Cuda.check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
            owned.add(() -> JCudaDriver.cuStreamDestroy(stream));
            memory = new DeviceMemory(toString(), stream);
            kernels = owned.add(new Kernels(stream));
            scratch = owned.add(new Scratch(memory, "scratch memory"));
            gradientSpace = owned.add(new Scratch(memory, "the gradients of a recurrent layer"));
            Scratch workspace = owned.add(new Scratch(memory, "the workspace of cuBLAS"));
            Cuda.checkBlas(JCublas2.cublasCreate(blas), "cublasCreate");
            owned.add(() -> JCublas2.cublasDestroy(blas));
            Cuda.checkBlas(JCublas2.cublasSetStream(blas, new cudaStream_t(stream)), "cublasSetStream");
            workspace.reserve(BLAS_WORKSPACE);
            Cuda.checkBlas(
                    JCublas2.cublasSetWorkspace(blas, workspace.pointer(), BLAS_WORKSPACE), "cublasSetWorkspace");
            gemm = new Gemm(blas, precision);
            plainGemm = precision == Precision.BF16 ? new Gemm(blas, Precision.F32) : gemm;
            Cuda.checkDnn(JCudnn.cudnnCreate(dnn), "cudnnCreate");
            owned.add(() -> JCudnn.cudnnDestroy(dnn));
            Cuda.checkDnn(JCudnn.cudnnSetStream(dnn, new cudaStream_t(stream)), "cudnnSetStream");
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Makes the context current on this thread. */
    void enter() {
        if (Thread.currentThread() != thread) {
            Cuda.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            thread = Thread.currentThread();
        }
    }

    /** Of the factors of products. */
    Precision precision() {
        return precision;
    }

    CUstream stream() {
        return stream;
    }

    DeviceMemory memory() {
        return memory;
    }

    Kernel kernel(String name) {
        return kernels.of(name);
    }

    Gemm gemm() {
        return gemm;
    }

    /** For products so small that rounding their factors to bfloat16 would take longer than it saves. */
    Gemm plainGemm() {
        return plainGemm;
    }

    cudnnHandle dnn() {
        return dnn;
    }

    MaskBytes masks() {
        return masks;
    }

    /** For what an operation needs while it runs. */
    Scratch scratch() {
        return scratch;
    }

    /** For the gradients of a recurrent layer in the layout of its weight space, beside what {@link #scratch} holds. */
    Scratch gradientSpace() {
        return gradientSpace;
    }

    /** Waits for everything submitted. */
    void synchronize() {
        Cuda.check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    int attribute(int attribute) {
        int[] value = new int[1];
        Cuda.check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }

    /** {@code "NVIDIA H100 (sm_90, 79.1 GiB), driver CUDA 12.6, cuBLAS 12.6.3, cuDNN 9.5.1"}. */
    String describe() {
        int[] blasVersion = new int[1];
        Cuda.checkBlas(JCublas2.cublasGetVersion(blas, blasVersion), "cublasGetVersion");
        long dnnVersion = JCudnn.cudnnGetVersion();
        return String.format(
                Locale.ROOT,
                "%s (sm_%d, %.1f GiB), driver CUDA %s, cuBLAS %d.%d.%d, cuDNN %d.%d.%d",
                gpu.name(),
                gpu.capability(),
                gpu.memoryBytes() / (double) (1 << 30),
                DriverCheck.words(DriverCheck.cudaVersion()),
                blasVersion[0] / 10000,
                blasVersion[0] / 100 % 100,
                blasVersion[0] % 100,
                dnnVersion / 10000,
                dnnVersion / 100 % 100,
                dnnVersion % 100);
    }

    @Override
    public String toString() {
        return "cuda:" + gpu.index();
    }

    @Override
    public void close() {
        enter();
        owned.close();
    }
}
