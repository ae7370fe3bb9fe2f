package dev.tarn.backend.reference;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.DeviceInfo;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Readback;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The oracle: every operation in double precision, run before its call returns. It checks what the faster backends may
 * leave out, such as whether an id is inside the table. Thread-safety: one thread at a time, as {@link Backend}.
 */
public final class ReferenceBackend implements Backend {

    private final Arithmetic arithmetic;
    private final Embedding embedding;
    private final Head head;
    private final Optimizers optimizers;

    public ReferenceBackend() {
        this(Arithmetic.EXACT);
    }

    /** For tests that want to know what plain code loses in another arithmetic. */
    ReferenceBackend(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
        this.embedding = new Embedding(arithmetic);
        this.head = new Head(arithmetic);
        this.optimizers = new Optimizers(arithmetic);
    }

    @Override
    public DeviceInfo info() {
        return new DeviceInfo(
                ReferenceProvider.NAME,
                "naive double-precision Java, one thread; always f64, whatever --precision says",
                Precision.F64);
    }

    @Override
    public Arena arena(String name) {
        return new ReferenceArena(name);
    }

    @Override
    public void upload(double[] source, Tensor target) {
        Shapes.transfer("upload", target, Tensor.Kind.REAL, source.length);
        ReferenceTensor to = ReferenceTensor.of(target);
        for (int i = 0; i < source.length; i++) {
            to.setReal(i, arithmetic.round(source[i]));
        }
    }

    @Override
    public void upload(float[] source, Tensor target) {
        Shapes.transfer("upload", target, Tensor.Kind.REAL, source.length);
        ReferenceTensor to = ReferenceTensor.of(target);
        for (int i = 0; i < source.length; i++) {
            to.setReal(i, source[i]);
        }
    }

    @Override
    public void upload(int[] source, Tensor target) {
        Shapes.uploadIds(target, source.length);
        ReferenceTensor to = ReferenceTensor.of(target);
        for (int i = 0; i < to.size(); i++) {
            to.setId(i, source[i]);
        }
    }

    @Override
    public void download(Tensor source, double[] target) {
        Shapes.transfer("download", source, Tensor.Kind.REAL, target.length);
        ReferenceTensor from = ReferenceTensor.of(source);
        for (int i = 0; i < target.length; i++) {
            target[i] = from.real(i);
        }
    }

    @Override
    public void download(Tensor source, float[] target) {
        Shapes.transfer("download", source, Tensor.Kind.REAL, target.length);
        ReferenceTensor from = ReferenceTensor.of(source);
        for (int i = 0; i < target.length; i++) {
            target[i] = (float) from.real(i);
        }
    }

    @Override
    public void download(Tensor source, int[] target) {
        Shapes.transfer("download", source, Tensor.Kind.IDS, target.length);
        ReferenceTensor from = ReferenceTensor.of(source);
        for (int i = 0; i < target.length; i++) {
            target[i] = from.id(i);
        }
    }

    @Override
    public Readback readback(Tensor source) {
        double[] recorded = new double[Math.toIntExact(source.size())];
        return new Readback() {

            private boolean hasRecorded;

            @Override
            public void record() {
                download(source, recorded);
                hasRecorded = true;
            }

            @Override
            public void await(double[] out) {
                if (!hasRecorded) {
                    throw new IllegalStateException("readback: nothing was recorded");
                }
                Shapes.transfer("readback", source, Tensor.Kind.REAL, out.length);
                System.arraycopy(recorded, 0, out, 0, out.length);
            }
        };
    }

    @Override
    public void synchronize() {}

    @Override
    public void zero(Tensor target) {
        ReferenceTensor to = ReferenceTensor.of(target);
        for (int i = 0; i < to.size(); i++) {
            if (to.kind() == Tensor.Kind.REAL) {
                to.setReal(i, 0);
            } else {
                to.setId(i, 0);
            }
        }
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        Shapes.copy(source, target);
        ReferenceTensor from = ReferenceTensor.of(source);
        ReferenceTensor to = ReferenceTensor.of(target);
        for (int i = 0; i < from.size(); i++) {
            to.setReal(i, from.real(i));
        }
    }

    @Override
    public void embed(Tensor w, Tensor ids, Mask rows, Mask input, Tensor out) {
        Shapes.embed(w, ids, rows, input, out);
        embedding.forward(ReferenceTensor.of(w), ReferenceTensor.of(ids), rows, input, ReferenceTensor.of(out));
    }

    @Override
    public void embedBackward(Tensor dOut, Tensor ids, Mask rows, Mask input, int padding, Tensor dw) {
        Shapes.embedBackward(dOut, ids, rows, input, padding, dw);
        embedding.backward(
                ReferenceTensor.of(dOut), ReferenceTensor.of(ids), rows, input, padding, ReferenceTensor.of(dw));
    }

    @Override
    public void lockedDropout(Tensor x, Mask mask, Tensor out) {
        Shapes.lockedDropout(x, mask, out);
        embedding.lockedDropout(ReferenceTensor.of(x), mask, ReferenceTensor.of(out));
    }

    @Override
    public void regularize(
            Regularization spec,
            Tensor h,
            @Nullable Padding padding,
            Mask mask,
            Tensor h0,
            Tensor dDropped,
            Tensor dh,
            Tensor values,
            @Nullable Tensor norms) {
        Shapes.regularize(h, padding, mask, h0, dDropped, dh, values, norms);
        lockedDropout(dDropped, mask, dh);
        Regularizer regularizer = new Regularizer(
                arithmetic, spec, ReferenceTensor.of(h), padding, mask, ReferenceTensor.of(h0), ReferenceTensor.of(dh));
        ReferenceTensor to = ReferenceTensor.of(values);
        to.setReal(0, regularizer.ar());
        to.setReal(1, regularizer.tar());
        to.setReal(2, regularizer.ns());
        regularizer.writeNorms(norms == null ? null : ReferenceTensor.of(norms));
    }

    @Override
    public Lstm lstm(int batch, int maxSteps, int inputSize, int hiddenSize, int windows) {
        return new ReferenceLstm(arithmetic, batch, maxSteps, inputSize, hiddenSize, windows);
    }

    @Override
    public Decoder decoder(int vocabulary, int embSz, int maxRows) {
        return new ReferenceDecoder(arithmetic, vocabulary, embSz, maxRows);
    }

    @Override
    public void pool(Tensor h, Padding padding, Tensor out, Tensor steps) {
        Shapes.pool(h, padding, out, steps);
        head.pool(ReferenceTensor.of(h), padding, ReferenceTensor.of(out), ReferenceTensor.of(steps));
    }

    @Override
    public void poolBackward(Tensor dOut, Padding padding, Tensor steps, Tensor dh) {
        Shapes.poolBackward(dOut, padding, steps, dh);
        head.poolBackward(ReferenceTensor.of(dOut), padding, ReferenceTensor.of(steps), ReferenceTensor.of(dh));
    }

    @Override
    public void linear(Tensor x, Tensor w, Tensor b, Tensor y) {
        Shapes.linear(x, w, b, y);
        head.linear(matrix(x), matrix(w), matrix(b), matrix(y));
    }

    @Override
    public void linearBackward(Tensor x, Tensor w, Tensor dy, @Nullable Tensor dx, Tensor dw, Tensor db) {
        Shapes.linearBackward(x, w, dy, dx, dw, db);
        if (dx != null) {
            head.linearByInput(matrix(dy), matrix(w), matrix(dx));
        }
        head.linearByParameters(matrix(x), matrix(dy), matrix(dw), matrix(db));
    }

    @Override
    public void batchNorm(Tensor x, boolean relu, BatchNorm norm, Tensor saved, Mask mask, Tensor y) {
        Shapes.batchNorm(x, norm, saved, mask, y);
        head.batchNorm(matrix(x), relu, norm, matrix(saved), mask, matrix(y));
    }

    @Override
    public void batchNormEvaluate(Tensor x, boolean relu, BatchNorm norm, Tensor y) {
        Shapes.batchNormEvaluate(x, norm, y);
        head.batchNormEvaluate(matrix(x), relu, norm, matrix(y));
    }

    @Override
    public void batchNormBackward(
            Tensor x,
            boolean relu,
            BatchNorm norm,
            Tensor saved,
            Mask mask,
            Tensor dy,
            Tensor dx,
            Tensor dGamma,
            Tensor dBeta) {
        Shapes.batchNormBackward(x, norm, saved, mask, dy, dx, dGamma, dBeta);
        head.batchNormBackward(
                matrix(x), relu, norm, matrix(saved), mask, matrix(dy), matrix(dx), matrix(dGamma), matrix(dBeta));
    }

    private static Matrix matrix(Tensor tensor) {
        return ReferenceTensor.of(tensor).matrix();
    }

    @Override
    public void clip(Tensor gradients, List<Segment> segments, double maxNorm, Tensor clip) {
        Shapes.clip(gradients, segments, clip);
        optimizers.clip(ReferenceTensor.of(gradients), segments, maxNorm, ReferenceTensor.of(clip));
    }

    @Override
    public void adam(
            Tensor parameters,
            Tensor gradients,
            Tensor m,
            Tensor v,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double beta1,
            double beta2,
            double eps,
            long step,
            @Nullable Tensor clip) {
        Shapes.adam(parameters, gradients, m, v, segments, lr, wd, step, clip);
        optimizers.adam(
                ReferenceTensor.of(parameters),
                ReferenceTensor.of(gradients),
                ReferenceTensor.of(m),
                ReferenceTensor.of(v),
                segments,
                lr,
                wd,
                decoupled,
                beta1,
                beta2,
                eps,
                step,
                orNull(clip));
    }

    @Override
    public void sgd(
            Tensor parameters,
            Tensor gradients,
            @Nullable Tensor buffer,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double momentum,
            long step,
            @Nullable Tensor clip) {
        Shapes.sgd(parameters, gradients, buffer, segments, lr, wd, momentum, step, clip);
        optimizers.sgd(
                ReferenceTensor.of(parameters),
                ReferenceTensor.of(gradients),
                orNull(buffer),
                segments,
                lr,
                wd,
                decoupled,
                momentum,
                step,
                orNull(clip));
    }

    @Override
    public void average(Tensor parameters, Tensor average, List<Segment> segments, double weight) {
        Shapes.average(parameters, average, segments);
        optimizers.average(ReferenceTensor.of(parameters), ReferenceTensor.of(average), segments, weight);
    }

    private static @Nullable ReferenceTensor orNull(@Nullable Tensor tensor) {
        return tensor == null ? null : ReferenceTensor.of(tensor);
    }

    @Override
    public void close() {}
}
