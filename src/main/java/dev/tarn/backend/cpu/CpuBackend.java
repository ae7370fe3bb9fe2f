package dev.tarn.backend.cpu;

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
 * The processor as a device: matrix products, softmax and copies between layouts by oneDNN, everything else by loops in
 * Java over the same memory. An operation has run when its call returns. Results repeat bit for bit on one machine with
 * one number of threads.
 *
 * <p>Thread-safety: one thread at a time, but not always the same one.
 */
final class CpuBackend implements Backend {

    /** Elements that are worth another thread. */
    private static final int ZEROED_AT_ONCE = 1 << 18;

    private final Precision precision;
    private final DeviceInfo info;
    private final HostMemory memory;
    private final Team team;
    private final LstmScratch lstmScratch;
    private final Embedding embedding;
    private final Regularizer regularizer;
    private final Optimizers optimizers;
    private final Pooling pooling;
    private final Linear linear;
    private final Normalizer normalizer;

    CpuBackend(Precision precision, HostMemory memory, Team team, String processor) {
        this.precision = precision;
        this.memory = memory;
        this.team = team;
        int threads = team.workers().threads();
        lstmScratch = LstmScratch.in(memory);
        embedding = new Embedding(team);
        regularizer = new Regularizer(team);
        optimizers = new Optimizers(team);
        pooling = new Pooling(team);
        linear = new Linear(team);
        normalizer = new Normalizer(team);
        info = new DeviceInfo(
                CpuProvider.NAME,
                processor + ", " + OneDnn.describe() + ", " + threads + (threads == 1 ? " thread" : " threads"),
                precision);
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public Arena arena(String name) {
        return new CpuArena(memory, name);
    }

    @Override
    public void upload(double[] source, Tensor target) {
        Shapes.transfer("upload", target, Tensor.Kind.REAL, source.length);
        CpuTensor to = CpuTensor.of(target);
        float[] tile = team.scratch(0).a;
        for (int at = 0; at < source.length; at += Team.TILE) {
            int count = Math.min(Team.TILE, source.length - at);
            for (int k = 0; k < count; k++) {
                tile[k] = (float) source[at + k];
            }
            to.put(at, tile, count);
        }
    }

    @Override
    public void upload(float[] source, Tensor target) {
        Shapes.transfer("upload", target, Tensor.Kind.REAL, source.length);
        CpuTensor.of(target).put(0, source, source.length);
    }

    @Override
    public void upload(int[] source, Tensor target) {
        Shapes.uploadIds(target, source.length);
        CpuTensor to = CpuTensor.of(target);
        to.putIds(source, to.length());
    }

    @Override
    public void download(Tensor source, double[] target) {
        Shapes.transfer("download", source, Tensor.Kind.REAL, target.length);
        CpuTensor from = CpuTensor.of(source);
        float[] tile = team.scratch(0).a;
        for (int at = 0; at < target.length; at += Team.TILE) {
            int count = Math.min(Team.TILE, target.length - at);
            from.get(at, tile, count);
            for (int k = 0; k < count; k++) {
                target[at + k] = tile[k];
            }
        }
    }

    @Override
    public void download(Tensor source, float[] target) {
        Shapes.transfer("download", source, Tensor.Kind.REAL, target.length);
        CpuTensor.of(source).get(0, target, target.length);
    }

    @Override
    public void download(Tensor source, int[] target) {
        Shapes.transfer("download", source, Tensor.Kind.IDS, target.length);
        CpuTensor.of(source).getIds(target, target.length);
    }

    /** What {@link #readback} returns: a copy taken at {@code record}, since everything has run by then. */
    private final class Recorded implements Readback {
        private final CpuTensor source;
        private final double[] values;
        private boolean isRecorded;

        Recorded(CpuTensor source) {
            this.source = source;
            this.values = new double[source.length()];
        }

        @Override
        public void record() {
            download(source, values);
            isRecorded = true;
        }

        @Override
        public void await(double[] out) {
            if (!isRecorded) {
                throw new IllegalStateException("readback: nothing was recorded");
            }
            Shapes.transfer("readback", source, Tensor.Kind.REAL, out.length);
            System.arraycopy(values, 0, out, 0, out.length);
        }
    }

    @Override
    public Readback readback(Tensor source) {
        return new Recorded(CpuTensor.of(source));
    }

    @Override
    public void synchronize() {}

    @Override
    public void zero(Tensor target) {
        CpuTensor to = CpuTensor.of(target);
        team.workers().run(to.length(), ZEROED_AT_ONCE, (worker, from, end) -> to.zero(from, end - from));
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        Shapes.copy(source, target);
        CpuTensor.of(target).copyFrom(CpuTensor.of(source), 0);
    }

    @Override
    public void embed(Tensor w, Tensor ids, Mask rows, Mask input, Tensor out) {
        Shapes.embed(w, ids, rows, input, out);
        embedding.forward(CpuTensor.of(w), CpuTensor.of(ids), rows, input, CpuTensor.of(out));
    }

    @Override
    public void embedBackward(Tensor dOut, Tensor ids, Mask rows, Mask input, int padding, Tensor dw) {
        Shapes.embedBackward(dOut, ids, rows, input, padding, dw);
        embedding.backward(CpuTensor.of(dOut), CpuTensor.of(ids), rows, input, padding, CpuTensor.of(dw));
    }

    @Override
    public void lockedDropout(Tensor x, Mask mask, Tensor out) {
        Shapes.lockedDropout(x, mask, out);
        embedding.lockedDropout(CpuTensor.of(x), mask, CpuTensor.of(out));
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
        regularizer.run(
                spec,
                CpuTensor.of(h),
                padding,
                mask,
                CpuTensor.of(h0),
                CpuTensor.of(dDropped),
                CpuTensor.of(dh),
                CpuTensor.of(values),
                orNull(norms));
    }

    @Override
    public Lstm lstm(int batch, int maxSteps, int inputSize, int hiddenSize, int windows) {
        return new CpuLstm(team, lstmScratch, memory, precision, batch, maxSteps, inputSize, hiddenSize, windows);
    }

    @Override
    public Decoder decoder(int vocabulary, int embSz, int maxRows) {
        return new CpuDecoder(team, memory, precision, vocabulary, embSz, maxRows, CpuDecoder.Cut.USUAL);
    }

    @Override
    public void pool(Tensor h, Padding padding, Tensor out, Tensor steps) {
        Shapes.pool(h, padding, out, steps);
        pooling.forward(CpuTensor.of(h), padding, CpuTensor.of(out), CpuTensor.of(steps));
    }

    @Override
    public void poolBackward(Tensor dOut, Padding padding, Tensor steps, Tensor dh) {
        Shapes.poolBackward(dOut, padding, steps, dh);
        pooling.backward(CpuTensor.of(dOut), padding, CpuTensor.of(steps), CpuTensor.of(dh));
    }

    @Override
    public void linear(Tensor x, Tensor w, Tensor b, Tensor y) {
        Shapes.linear(x, w, b, y);
        linear.forward(CpuTensor.of(x), CpuTensor.of(w), CpuTensor.of(b), CpuTensor.of(y));
    }

    @Override
    public void linearBackward(Tensor x, Tensor w, Tensor dy, @Nullable Tensor dx, Tensor dw, Tensor db) {
        Shapes.linearBackward(x, w, dy, dx, dw, db);
        linear.backward(
                CpuTensor.of(x), CpuTensor.of(w), CpuTensor.of(dy), orNull(dx), CpuTensor.of(dw), CpuTensor.of(db));
    }

    @Override
    public void batchNorm(Tensor x, boolean relu, BatchNorm norm, Tensor saved, Mask mask, Tensor y) {
        Shapes.batchNorm(x, norm, saved, mask, y);
        normalizer.train(CpuTensor.of(x), relu, norm, CpuTensor.of(saved), mask, CpuTensor.of(y));
    }

    @Override
    public void batchNormEvaluate(Tensor x, boolean relu, BatchNorm norm, Tensor y) {
        Shapes.batchNormEvaluate(x, norm, y);
        normalizer.evaluate(CpuTensor.of(x), relu, norm, CpuTensor.of(y));
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
        normalizer.backward(
                CpuTensor.of(x),
                relu,
                norm,
                CpuTensor.of(saved),
                mask,
                CpuTensor.of(dy),
                CpuTensor.of(dx),
                CpuTensor.of(dGamma),
                CpuTensor.of(dBeta));
    }

    @Override
    public void clip(Tensor gradients, List<Segment> segments, double maxNorm, Tensor clip) {
        Shapes.clip(gradients, segments, clip);
        optimizers.clip(CpuTensor.of(gradients), segments, maxNorm, CpuTensor.of(clip));
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
                CpuTensor.of(parameters),
                CpuTensor.of(gradients),
                CpuTensor.of(m),
                CpuTensor.of(v),
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
                CpuTensor.of(parameters),
                CpuTensor.of(gradients),
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
        optimizers.average(CpuTensor.of(parameters), CpuTensor.of(average), segments, weight);
    }

    private static @Nullable CpuTensor orNull(@Nullable Tensor tensor) {
        return tensor == null ? null : CpuTensor.of(tensor);
    }

    @Override
    public void close() {
        team.close();
        lstmScratch.close();
    }
}
