package dev.tarn.backend.cuda;

import dev.tarn.backend.Precision;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;

/**
 * Products of row-major matrices by cuBLAS, which takes them for the transposes of column-major ones:
 * {@code C = A·B} there is {@code C' = B'·A'}. The factors are {@link Factors}, sums and results single precision.
 * Thread-safety: none.
 */
final class Gemm {

    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private final cublasHandle handle;
    private final int factorType;

    Gemm(cublasHandle handle, Precision precision) {
        this.handle = handle;
        factorType = precision == Precision.BF16 ? cudaDataType.CUDA_R_16BF : cudaDataType.CUDA_R_32F;
        int mode = precision == Precision.TF32 ? cublasMath.CUBLAS_TF32_TENSOR_OP_MATH : cublasMath.CUBLAS_DEFAULT_MATH;
        Cuda.checkBlas(JCublas2.cublasSetMathMode(handle, mode), "cublasSetMathMode");
    }

    /**
     * {@code c = a·b'}, added to c if asked: the forward product of a linear layer, b its weights.
     *
     * @param a [rows,inner]
     * @param b [columns,inner]
     * @param c [rows,columns]
     */
    void timesTransposed(
            DevicePointer a, DevicePointer b, DevicePointer c, long rows, int columns, int inner, boolean adds) {
        multiply(b, inner, true, a, inner, false, c, columns, rows, inner, adds);
    }

    /**
     * {@code c = a·b}: the gradient by the input of a linear layer, b its weights.
     *
     * @param a [rows,inner]
     * @param b [inner,columns]
     * @param c [rows,columns]
     */
    void times(DevicePointer a, DevicePointer b, DevicePointer c, long rows, int columns, int inner, boolean adds) {
        multiply(b, columns, false, a, inner, false, c, columns, rows, inner, adds);
    }

    /**
     * {@code c = a'·b}: the gradient by the weights of a linear layer, b its input.
     *
     * @param a [inner,rows]
     * @param b [inner,columns]
     * @param c [rows,columns]
     */
    void transposedTimes(
            DevicePointer a, DevicePointer b, DevicePointer c, int rows, int columns, long inner, boolean adds) {
        multiply(b, columns, false, a, rows, true, c, columns, rows, inner, adds);
    }

    private void multiply(
            DevicePointer first,
            int firstWidth,
            boolean firstTransposed,
            DevicePointer second,
            int secondWidth,
            boolean secondTransposed,
            DevicePointer target,
            int columns,
            long rows,
            long inner,
            boolean adds) {
        Cuda.checkBlas(
                JCublas2.cublasGemmEx_new(
                        handle,
                        firstTransposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N,
                        secondTransposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N,
                        columns,
                        Math.toIntExact(rows),
                        Math.toIntExact(inner),
                        ONE,
                        first,
                        factorType,
                        firstWidth,
                        second,
                        factorType,
                        secondWidth,
                        adds ? ONE : ZERO,
                        target,
                        cudaDataType.CUDA_R_32F,
                        columns,
                        cublasComputeType.CUBLAS_COMPUTE_32F,
                        cublasGemmAlgo.CUBLAS_GEMM_DEFAULT),
                "cublasGemmEx");
    }
}
