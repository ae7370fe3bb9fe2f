package dev.tarn.backend.cuda;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.DeviceInfo;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmPath;
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
 * An NVIDIA GPU as a device. Every operation is queued on one stream and returns at once; only downloads, readbacks and
 * {@link #synchronize} wait. Results repeat bit for bit on one processor with one version of the libraries.
 *
 * <p>Thread-safety: one thread at a time, but not always the same one.
 */
final class CudaBackend implements Backend {

    private final CudaDevice device;
    private final LstmPath path;
    private final DeviceInfo info;
    private final Staging staging;
    private final CudaEmbedding embedding;
    private final CudaRegularizer regularizer;
    private final CudaOptimizers optimizers;
    private final CudaHead head;
    private final Owned owned = new Owned();

    CudaBackend(DriverCheck.Gpu gpu, Precision precision, LstmPath path) {
        this.path = path;
        try {
            device = owned.add(new CudaDevice(gpu, precision));
            staging = owned.add(new Staging(device.stream()));
            embedding = new CudaEmbedding(device);
            regularizer = new CudaRegularizer(device, embedding);
            optimizers = new CudaOptimizers(device);
            head = new CudaHead(device);
            info = new DeviceInfo(device.toString(), device.describe(), precision);
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public Arena arena(String name) {
        device.enter();
        return new CudaArena(device, name);
    }

    @Override
    public void upload(double[] source, Tensor target) {
        Shapes.transfer("upload", target, Tensor.Kind.REAL, source.length);
        device.enter();
        staging.upload(source, CudaTensor.of(target));
    }

    @Override
    public void upload(float[] source, Tensor target) {
        Shapes.transfer("upload", target, Tensor.Kind.REAL, source.length);
        device.enter();
        staging.upload(source, CudaTensor.of(target));
    }

    @Override
    public void upload(int[] source, Tensor target) {
        Shapes.uploadIds(target, source.length);
        device.enter();
        staging.upload(source, CudaTensor.of(target));
    }

    @Override
    public void download(Tensor source, double[] target) {
        Shapes.transfer("download", source, Tensor.Kind.REAL, target.length);
        device.enter();
        staging.download(CudaTensor.of(source), target);
    }

    @Override
    public void download(Tensor source, float[] target) {
        Shapes.transfer("download", source, Tensor.Kind.REAL, target.length);
        device.enter();
        staging.download(CudaTensor.of(source), target);
    }

    @Override
    public void download(Tensor source, int[] target) {
        Shapes.transfer("download", source, Tensor.Kind.IDS, target.length);
        device.enter();
        staging.download(CudaTensor.of(source), target);
    }

    @Override
    public Readback readback(Tensor source) {
        device.enter();
        return owned.add(new CudaReadback(device, CudaTensor.of(source)));
    }

    @Override
    public void synchronize() {
        device.enter();
        device.synchronize();
    }

    @Override
    public void zero(Tensor target) {
        device.enter();
        CudaTensor to = CudaTensor.of(target);
        device.memory().zero(to.pointer(), to.bytes());
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        Shapes.copy(source, target);
        device.enter();
        CudaTensor from = CudaTensor.of(source);
        device.memory().copy(from.pointer(), CudaTensor.of(target).pointer(), from.bytes());
    }

    @Override
    public void embed(Tensor w, Tensor ids, Mask rows, Mask input, Tensor out) {
        Shapes.embed(w, ids, rows, input, out);
        device.enter();
        embedding.forward(CudaTensor.of(w), CudaTensor.of(ids), rows, input, CudaTensor.of(out));
    }

    @Override
    public void embedBackward(Tensor dOut, Tensor ids, Mask rows, Mask input, int padding, Tensor dw) {
        Shapes.embedBackward(dOut, ids, rows, input, padding, dw);
        device.enter();
        embedding.backward(CudaTensor.of(dOut), CudaTensor.of(ids), rows, input, padding, CudaTensor.of(dw));
    }

    @Override
    public void lockedDropout(Tensor x, Mask mask, Tensor out) {
        Shapes.lockedDropout(x, mask, out);
        device.enter();
        embedding.lockedDropout(CudaTensor.of(x), mask, CudaTensor.of(out));
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
        device.enter();
        regularizer.run(
                spec,
                CudaTensor.of(h),
                padding,
                mask,
                CudaTensor.of(h0),
                CudaTensor.of(dDropped),
                CudaTensor.of(dh),
                CudaTensor.of(values),
                CudaTensor.orNull(norms));
    }

    @Override
    public Lstm lstm(int batch, int maxSteps, int inputSize, int hiddenSize, int windows) {
        device.enter();
        return path == LstmPath.CUDNN
                ? new CudnnLstm(device, staging, batch, maxSteps, inputSize, hiddenSize, windows)
                : new FusedLstm(device, embedding, batch, maxSteps, inputSize, hiddenSize, windows);
    }

    @Override
    public Decoder decoder(int vocabulary, int embSz, int maxRows) {
        device.enter();
        return new CudaDecoder(device, vocabulary, embSz, maxRows);
    }

    @Override
    public void pool(Tensor h, Padding padding, Tensor out, Tensor steps) {
        Shapes.pool(h, padding, out, steps);
        device.enter();
        head.pool(CudaTensor.of(h), padding, CudaTensor.of(out), CudaTensor.of(steps));
    }

    @Override
    public void poolBackward(Tensor dOut, Padding padding, Tensor steps, Tensor dh) {
        Shapes.poolBackward(dOut, padding, steps, dh);
        device.enter();
        head.poolBackward(CudaTensor.of(dOut), padding, CudaTensor.of(steps), CudaTensor.of(dh));
    }

    @Override
    public void linear(Tensor x, Tensor w, Tensor b, Tensor y) {
        Shapes.linear(x, w, b, y);
        device.enter();
        head.linear(CudaTensor.of(x), CudaTensor.of(w), CudaTensor.of(b), CudaTensor.of(y));
    }

    @Override
    public void linearBackward(Tensor x, Tensor w, Tensor dy, @Nullable Tensor dx, Tensor dw, Tensor db) {
        Shapes.linearBackward(x, w, dy, dx, dw, db);
        device.enter();
        head.linearBackward(
                CudaTensor.of(x),
                CudaTensor.of(w),
                CudaTensor.of(dy),
                CudaTensor.orNull(dx),
                CudaTensor.of(dw),
                CudaTensor.of(db));
    }

    @Override
    public void batchNorm(Tensor x, boolean relu, BatchNorm norm, Tensor saved, Mask mask, Tensor y) {
        Shapes.batchNorm(x, norm, saved, mask, y);
        device.enter();
        head.batchNorm(CudaTensor.of(x), relu, norm, CudaTensor.of(saved), mask, CudaTensor.of(y));
    }

    @Override
    public void batchNormEvaluate(Tensor x, boolean relu, BatchNorm norm, Tensor y) {
        Shapes.batchNormEvaluate(x, norm, y);
        device.enter();
        head.batchNormEvaluate(CudaTensor.of(x), relu, norm, CudaTensor.of(y));
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
        device.enter();
        head.batchNormBackward(
                CudaTensor.of(x),
                relu,
                norm,
                CudaTensor.of(saved),
                mask,
                CudaTensor.of(dy),
                CudaTensor.of(dx),
                CudaTensor.of(dGamma),
                CudaTensor.of(dBeta));
    }

    @Override
    public void clip(Tensor gradients, List<Segment> segments, double maxNorm, Tensor clip) {
        Shapes.clip(gradients, segments, clip);
        device.enter();
        optimizers.clip(CudaTensor.of(gradients), segments, maxNorm, CudaTensor.of(clip));
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
        device.enter();
        optimizers.adam(
                CudaTensor.of(parameters),
                CudaTensor.of(gradients),
                CudaTensor.of(m),
                CudaTensor.of(v),
                segments,
                lr,
                wd,
                decoupled,
                beta1,
                beta2,
                eps,
                step,
                CudaTensor.orNull(clip));
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
        device.enter();
        optimizers.sgd(
                CudaTensor.of(parameters),
                CudaTensor.of(gradients),
                CudaTensor.orNull(buffer),
                segments,
                lr,
                wd,
                decoupled,
                momentum,
                step,
                CudaTensor.orNull(clip));
    }

    @Override
    public void average(Tensor parameters, Tensor average, List<Segment> segments, double weight) {
        Shapes.average(parameters, average, segments);
        device.enter();
        optimizers.average(CudaTensor.of(parameters), CudaTensor.of(average), segments, weight);
    }

    @Override
    public void close() {
        device.enter();
        device.synchronize();
        owned.close();
    }
}
