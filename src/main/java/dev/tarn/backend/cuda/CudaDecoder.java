package dev.tarn.backend.cuda;

import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The decoder by cuBLAS, the loss by kernels of our own. The logits of a window lie in device memory as a whole, without
 * their bias, which is added where they are read; their gradient takes their place, or with bfloat16 factors one of its own.
 *
 * <p>{@link #load} keeps the tensors and not their values: they stay as they are until the next load.
 */
final class CudaDecoder implements Decoder {

    /** Rows whose column sums a block of xent_gradient adds up. */
    private static final int GROUP = 64;

    private final CudaDevice device;
    private final int vocabulary;
    private final int embSz;
    private final int maxRows;
    private final DevicePointer logits;
    private final DevicePointer largest;
    private final DevicePointer sums;
    private final DevicePointer losses;
    private final DevicePointer correct;
    private final DevicePointer partial;
    private final Factors weightFactors;
    private final Factors inputFactors;
    private final Factors gradientFactors;
    private final Kernel xentRows;
    private final Kernel xentGradient;
    private final Kernel xentBias;
    private final Kernel xentStats;
    private final Kernel addBias;
    private final Owned owned = new Owned();
    /** What {@link #weightFactors} gave for the weights loaded last. */
    private @Nullable DevicePointer factors;

    private @Nullable CudaTensor bias;

    CudaDecoder(CudaDevice device, int vocabulary, int embSz, int maxRows) {
        Shapes.plan("decoder", vocabulary, embSz, maxRows);
        this.device = device;
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        this.maxRows = maxRows;
        xentRows = device.kernel("xent_rows");
        xentGradient = device.kernel("xent_gradient");
        xentBias = device.kernel("xent_bias");
        xentStats = device.kernel("xent_stats");
        addBias = device.kernel("add_bias");
        try {
            logits = take("logits", (long) maxRows * vocabulary);
            largest = take("largest logits", maxRows);
            sums = take("softmax sums", maxRows);
            losses = take("losses", maxRows);
            correct = take("hits", maxRows);
            partial = take("bias gradients", Kernel.blocks(maxRows, GROUP) * vocabulary);
            weightFactors =
                    owned.add(new Factors(device, "the rounded weights of the decoder", (long) vocabulary * embSz));
            inputFactors = owned.add(new Factors(device, "the rounded input of the decoder", (long) maxRows * embSz));
            gradientFactors =
                    owned.add(new Factors(device, "the rounded gradients of logits", (long) maxRows * vocabulary));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private DevicePointer take(String what, long elements) {
        DevicePointer pointer = device.memory()
                .take(what + " of " + maxRows + " rows by " + vocabulary + " words", elements * CudaTensor.ELEMENT);
        owned.add(() -> device.memory().giveBack(pointer));
        return pointer;
    }

    @Override
    public void load(Tensor weights, @Nullable Tensor b) {
        Shapes.decoderLoad(weights, b, vocabulary, embSz);
        device.enter();
        factors = weightFactors.of(CudaTensor.of(weights).pointer(), (long) vocabulary * embSz);
        bias = CudaTensor.orNull(b);
    }

    private DevicePointer weights() {
        if (factors == null) {
            throw new IllegalStateException("decoder: load comes first");
        }
        return factors;
    }

    private int vec() {
        return vocabulary % 4 == 0 && (bias == null || bias.isAligned()) ? 4 : 1;
    }

    private void rows(Tensor x, Tensor targets, Tensor stats, int rows, boolean counts) {
        multiply(x, logits, rows);
        xentRows.begin().pointer(largest).pointer(sums).pointer(losses);
        if (counts) {
            xentRows.pointer(correct);
        } else {
            xentRows.tensor(null);
        }
        xentRows.pointer(logits)
                .tensor(bias)
                .tensor(CudaTensor.of(targets))
                .int32(vocabulary)
                .int32(vec())
                .launch(rows);
        xentStats.begin().tensor(CudaTensor.of(stats)).pointer(losses);
        if (counts) {
            xentStats.pointer(correct);
        } else {
            xentStats.tensor(null);
        }
        xentStats.int32(rows).launch(1);
    }

    private void multiply(Tensor x, DevicePointer target, int rows) {
        DevicePointer read = inputFactors.of(CudaTensor.of(x).pointer(), (long) rows * embSz);
        device.gemm().timesTransposed(read, weights(), target, rows, vocabulary, embSz, false);
    }

    @Override
    public void loss(Tensor x, Tensor targets, Tensor stats) {
        int rows = Shapes.decoderLoss(x, targets, stats, embSz, maxRows);
        device.enter();
        rows(x, targets, stats, rows, true);
    }

    @Override
    public void lossAndGradients(
            Tensor x,
            Tensor targets,
            Tensor stats,
            Tensor dx,
            @Nullable Tensor dw,
            @Nullable Tensor db,
            GradientSum sum) {
        int rows = Shapes.decoderGradients(x, targets, stats, dx, dw, db, vocabulary, embSz, maxRows);
        device.enter();
        rows(x, targets, stats, rows, false);
        boolean adds = sum == GradientSum.CONTINUE;
        int vec = vec();
        int groups = (int) Kernel.blocks(rows, GROUP);
        xentGradient
                .begin()
                .pointer(logits)
                .orNull(gradientFactors.rounded())
                .pointer(partial)
                .tensor(bias)
                .tensor(CudaTensor.of(targets))
                .pointer(largest)
                .pointer(sums)
                .float32(1f / rows)
                .int32(rows)
                .int32(vocabulary)
                .int32(vec)
                .launch(Kernel.blocks(vocabulary, (long) xentGradient.blockSize() * vec), groups, 0);
        if (db != null) {
            xentBias.begin()
                    .tensor(CudaTensor.of(db))
                    .pointer(partial)
                    .int32(groups)
                    .int32(vocabulary)
                    .int32(adds ? 1 : 0)
                    .launch(Kernel.blocks(vocabulary, xentBias.blockSize()));
        }
        DevicePointer gradient = gradientFactors.again(logits);
        device.gemm().times(gradient, weights(), CudaTensor.of(dx).pointer(), rows, embSz, vocabulary, false);
        if (dw != null) {
            device.gemm()
                    .transposedTimes(
                            gradient,
                            inputFactors.again(CudaTensor.of(x).pointer()),
                            CudaTensor.of(dw).pointer(),
                            vocabulary,
                            embSz,
                            rows,
                            adds);
        }
    }

    @Override
    public void logits(Tensor x, Tensor target) {
        int rows = Shapes.decoderLogits(x, target, vocabulary, embSz, maxRows);
        device.enter();
        CudaTensor to = CudaTensor.of(target);
        multiply(x, to.pointer(), rows);
        if (bias != null) {
            addBias.begin()
                    .tensor(to)
                    .tensor(bias)
                    .int32(vocabulary)
                    .launch(Kernel.blocks(vocabulary, addBias.blockSize()), rows, 0);
        }
    }

    @Override
    public void close() {
        device.enter();
        owned.close();
    }
}
