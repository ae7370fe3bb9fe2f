/**
 * NVIDIA GPUs, through JCuda; the only room that knows it.
 *
 * <p>{@code CudaProvider} offers the device where {@code CudaLibraries} finds a driver, cuBLAS and cuDNN. {@code CudaBackend}
 * has the operations; all of them go through one {@code CudaDevice}: a stream, the libraries' handles, the kernels and two
 * pieces of scratch memory. Products are cuBLAS's ({@code Gemm}), recurrent layers cuDNN's ({@code CudnnLstm}) or a product
 * and a kernel a step ({@code FusedLstm}); everything else are kernels of our own, whose PTX the jar carries
 * ({@code PtxModule}) and which {@code Kernel} launches with arguments held against the PTX's parameter list.
 *
 * <p>Nothing waits and nothing is allocated in a step. Memory is taken where tensors and plans are made; numbers come back
 * through pinned memory, behind the work ({@code CudaReadback}).
 */
@NullMarked
package dev.tarn.backend.cuda;

import org.jspecify.annotations.NullMarked;
