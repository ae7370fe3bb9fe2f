package dev.tarn.backend.cuda;

import dev.tarn.backend.Precision;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDirectionMode;
import jcuda.jcudnn.cudnnDropoutDescriptor;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnRNNAlgo;
import jcuda.jcudnn.cudnnRNNBiasMode;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDataLayout;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnRNNInputMode;
import jcuda.jcudnn.cudnnRNNMode;
import jcuda.jcudnn.cudnnTensorDescriptor;

/**
 * How cuDNN is told of one recurrent layer: the descriptors of the layer, of its state, and for each length of a window
 * those of input and output. What cuDNN says of sizes and places of weights is asked here.
 *
 * <p>Ownership: the descriptors, freed by {@link #close}.
 */
final class CudnnLayer implements AutoCloseable {

    /** JCudnn lacks the macro CUDNN_RNN_PADDED_IO_ENABLED, which unpacked layouts ask for. */
    private static final int PADDED_IO = 1;

    /** Matrices of an LSTM layer: four gates for the input, then four for the state before. */
    private static final int MATRICES = 8;

    private final CudaDevice device;
    private final int batch;
    private final cudnnRNNDescriptor rnn = new cudnnRNNDescriptor();
    private final cudnnDropoutDescriptor dropout = new cudnnDropoutDescriptor();
    private final cudnnTensorDescriptor state = new cudnnTensorDescriptor();
    private final Steps[] steps;
    private final Owned owned = new Owned();

    /** What depends on the number of steps. */
    record Steps(cudnnRNNDataDescriptor x, cudnnRNNDataDescriptor y) {}

    CudnnLayer(CudaDevice device, int batch, int maxSteps, int inputs, int hidden) {
        this.device = device;
        this.batch = batch;
        steps = new Steps[maxSteps + 1];
        try {
            Cuda.checkDnn(JCudnn.cudnnCreateDropoutDescriptor(dropout), "cudnnCreateDropoutDescriptor");
            owned.add(() -> JCudnn.cudnnDestroyDropoutDescriptor(dropout));
            // Without dropout of its own, which the model does between the layers, cuDNN needs no random states.
            Cuda.checkDnn(
                    JCudnn.cudnnSetDropoutDescriptor(dropout, device.dnn(), 0, null, 0, 0),
                    "cudnnSetDropoutDescriptor");
            Cuda.checkDnn(JCudnn.cudnnCreateRNNDescriptor(rnn), "cudnnCreateRNNDescriptor");
            owned.add(() -> JCudnn.cudnnDestroyRNNDescriptor(rnn));
            Cuda.checkDnn(
                    JCudnn.cudnnSetRNNDescriptor_v8(
                            rnn,
                            cudnnRNNAlgo.CUDNN_RNN_ALGO_STANDARD,
                            cudnnRNNMode.CUDNN_LSTM,
                            cudnnRNNBiasMode.CUDNN_RNN_DOUBLE_BIAS,
                            cudnnDirectionMode.CUDNN_UNIDIRECTIONAL,
                            cudnnRNNInputMode.CUDNN_LINEAR_INPUT,
                            cudnnDataType.CUDNN_DATA_FLOAT,
                            cudnnDataType.CUDNN_DATA_FLOAT,
                            mathType(device.precision()),
                            inputs,
                            hidden,
                            hidden,
                            1,
                            dropout,
                            PADDED_IO),
                    "cudnnSetRNNDescriptor_v8");
            Cuda.checkDnn(JCudnn.cudnnCreateTensorDescriptor(state), "cudnnCreateTensorDescriptor");
            owned.add(() -> JCudnn.cudnnDestroyTensorDescriptor(state));
            Cuda.checkDnn(
                    JCudnn.cudnnSetTensorNdDescriptor(
                            state, cudnnDataType.CUDNN_DATA_FLOAT, 3, new int[] {1, batch, hidden}, new int[] {
                                batch * hidden, hidden, 1
                            }),
                    "cudnnSetTensorNdDescriptor");
            for (int length = 1; length <= maxSteps; length++) {
                steps[length] = new Steps(data(length, inputs), data(length, hidden));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** cuDNN's default rounds factors to TensorFloat-32 on processors that have it. */
    private static int mathType(Precision precision) {
        return precision == Precision.TF32 ? cudnnMathType.CUDNN_DEFAULT_MATH : cudnnMathType.CUDNN_FMA_MATH;
    }

    private cudnnRNNDataDescriptor data(int length, int width) {
        cudnnRNNDataDescriptor data = new cudnnRNNDataDescriptor();
        Cuda.checkDnn(JCudnn.cudnnCreateRNNDataDescriptor(data), "cudnnCreateRNNDataDescriptor");
        owned.add(() -> JCudnn.cudnnDestroyRNNDataDescriptor(data));
        int[] lengths = new int[batch];
        Arrays.fill(lengths, length);
        Cuda.checkDnn(
                JCudnn.cudnnSetRNNDataDescriptor(
                        data,
                        cudnnDataType.CUDNN_DATA_FLOAT,
                        cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED,
                        length,
                        batch,
                        width,
                        lengths,
                        null),
                "cudnnSetRNNDataDescriptor");
        return data;
    }

    cudnnRNNDescriptor rnn() {
        return rnn;
    }

    /** Of h and c: [1,B,H]. */
    cudnnTensorDescriptor state() {
        return state;
    }

    Steps steps(int length) {
        return steps[length];
    }

    /** Bytes of the weight space. */
    long weightBytes() {
        long[] bytes = new long[1];
        Cuda.checkDnn(JCudnn.cudnnGetRNNWeightSpaceSize(device.dnn(), rnn, bytes), "cudnnGetRNNWeightSpaceSize");
        return bytes[0];
    }

    /** The workspace and the reserve space, in this order, that windows of all lengths make do with. */
    long[] tempBytes() {
        long[] largest = new long[2];
        for (int mode :
                new int[] {cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE, cudnnForwardMode.CUDNN_FWD_MODE_TRAINING}) {
            // The sizes need not grow with the length.
            for (int length = 1; length < steps.length; length++) {
                long[] work = new long[1];
                long[] reserve = new long[1];
                Cuda.checkDnn(
                        JCudnn.cudnnGetRNNTempSpaceSizes(device.dnn(), rnn, mode, steps[length].x(), work, reserve),
                        "cudnnGetRNNTempSpaceSizes");
                largest[0] = Math.max(largest[0], work[0]);
                largest[1] = Math.max(largest[1], reserve[0]);
            }
        }
        return largest;
    }

    /** Where the chunks of {@link LstmWeightSpace} lie in a weight space, in floats. */
    long[] chunkStarts(DevicePointer space, long bytes) {
        long[] starts = new long[LstmWeightSpace.CHUNKS];
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
        Cuda.checkDnn(JCudnn.cudnnCreateTensorDescriptor(matrix), "cudnnCreateTensorDescriptor");
        try {
            Cuda.checkDnn(JCudnn.cudnnCreateTensorDescriptor(bias), "cudnnCreateTensorDescriptor");
            try {
                for (int id = 0; id < MATRICES; id++) {
                    Address matrixAt = new Address();
                    Address biasAt = new Address();
                    Cuda.checkDnn(
                            JCudnn.cudnnGetRNNWeightParams(
                                    device.dnn(), rnn, 0, bytes, space, id, matrix, matrixAt, bias, biasAt),
                            "cudnnGetRNNWeightParams");
                    // Gate order i, f, g, o is cuDNN's own (linLayerID 0 to 3, and 4 to 7 for the state).
                    starts[id] = (matrixAt.address() - space.address()) / CudaTensor.ELEMENT;
                    starts[MATRICES + id] = (biasAt.address() - space.address()) / CudaTensor.ELEMENT;
                }
            } finally {
                JCudnn.cudnnDestroyTensorDescriptor(bias);
            }
        } finally {
            JCudnn.cudnnDestroyTensorDescriptor(matrix);
        }
        return starts;
    }

    /** A pointer that cuDNN sets and that tells its number. */
    private static final class Address extends Pointer {
        long address() {
            return getNativePointer();
        }
    }

    @Override
    public void close() {
        owned.close();
    }
}
