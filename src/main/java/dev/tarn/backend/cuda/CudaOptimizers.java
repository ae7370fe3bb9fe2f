package dev.tarn.backend.cuda;

import dev.tarn.backend.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Global norm, clip, Adam, SGD and averaging, each one launch over all parameters. */
final class CudaOptimizers {

    /** Groups of layers with rates of their own that a launch takes. */
    private static final int GROUPS = 16;

    private final CudaDevice device;
    private final Kernel squares;
    private final Kernel clip;
    private final Kernel adam;
    private final Kernel sgd;
    private final Kernel average;
    private final SegmentBytes segmentBytes = new SegmentBytes();
    private final ByteBuffer adamBytes = rates(6);
    private final ByteBuffer sgdBytes = rates(2);

    CudaOptimizers(CudaDevice device) {
        this.device = device;
        squares = device.kernel("gradient_squares");
        clip = device.kernel("gradient_clip");
        adam = device.kernel("adam_step");
        sgd = device.kernel("sgd_step");
        average = device.kernel("average_step");
    }

    /** Room for rate, decay and L2 of every group and some numbers behind them. */
    private static ByteBuffer rates(int more) {
        return ByteBuffer.allocate((3 * GROUPS + more) * Float.BYTES).order(ByteOrder.nativeOrder());
    }

    void clip(CudaTensor gradients, List<Segment> segments, double maxNorm, CudaTensor out) {
        long tiles = 0;
        for (Segment segment : segments) {
            tiles += SegmentBytes.tiles(segment);
        }
        device.scratch().reserve(Math.max(1, tiles) * Double.BYTES);
        DevicePointer sums = device.scratch().pointer();
        long done = 0;
        for (List<Segment> part : parts(segments)) {
            squares.begin()
                    .pointer(sums.plus(done * Double.BYTES))
                    .tensor(gradients)
                    .struct(segmentBytes.of(part, gradients.isAligned()))
                    .launch(segmentBytes.tiles());
            done += segmentBytes.tiles();
        }
        clip.begin()
                .tensor(out)
                .pointer(sums)
                .int32(Math.toIntExact(tiles))
                .float64(maxNorm)
                .launch(1);
    }

    void adam(
            CudaTensor parameters,
            CudaTensor gradients,
            CudaTensor m,
            CudaTensor v,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double beta1,
            double beta2,
            double eps,
            long step,
            @Nullable CudaTensor clipped) {
        double correction1 = 1 - Math.pow(beta1, (double) step);
        double correction2 = Math.sqrt(1 - Math.pow(beta2, (double) step));
        putRates(adamBytes, lr, wd, decoupled, 1 / correction1);
        adamBytes
                .putFloat((float) beta1)
                .putFloat((float) (1 - beta1))
                .putFloat((float) beta2)
                .putFloat((float) (1 - beta2))
                .putFloat((float) (1 / correction2))
                .putFloat((float) eps)
                .clear();
        boolean aligned = parameters.isAligned() && gradients.isAligned() && m.isAligned() && v.isAligned();
        for (List<Segment> part : parts(segments)) {
            adam.begin()
                    .tensor(parameters)
                    .tensor(gradients)
                    .tensor(m)
                    .tensor(v)
                    .tensor(clipped)
                    .struct(adamBytes)
                    .struct(segmentBytes.of(part, aligned))
                    .launch(segmentBytes.tiles());
        }
    }

    void sgd(
            CudaTensor parameters,
            CudaTensor gradients,
            @Nullable CudaTensor buffer,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double momentum,
            long step,
            @Nullable CudaTensor clipped) {
        putRates(sgdBytes, lr, wd, decoupled, 1);
        sgdBytes.putFloat((float) momentum).putInt(step == 1 ? 1 : 0).clear();
        for (List<Segment> part : parts(segments)) {
            sgd.begin()
                    .tensor(parameters)
                    .tensor(gradients)
                    .tensor(momentum == 0 ? null : buffer)
                    .tensor(clipped)
                    .struct(sgdBytes)
                    .struct(segmentBytes.of(part, false))
                    .launch(segmentBytes.tiles());
        }
    }

    void average(CudaTensor parameters, CudaTensor averages, List<Segment> segments, double weight) {
        for (List<Segment> part : parts(segments)) {
            average.begin()
                    .tensor(averages)
                    .tensor(parameters)
                    .float32((float) weight)
                    .struct(segmentBytes.of(part, false))
                    .launch(segmentBytes.tiles());
        }
    }

    /** Rounds once what all elements of a group share. */
    private static void putRates(ByteBuffer bytes, double[] lr, double[] wd, boolean decoupled, double correction) {
        if (lr.length > GROUPS) {
            throw new IllegalArgumentException(
                    "an optimizer step of " + lr.length + " groups; the kernels take " + GROUPS + " at most");
        }
        bytes.clear();
        for (int group = 0; group < GROUPS; group++) {
            boolean has = group < lr.length;
            int at = group * Float.BYTES;
            bytes.putFloat(at, has ? (float) (lr[group] * correction) : 0);
            bytes.putFloat(GROUPS * Float.BYTES + at, has && decoupled ? (float) (lr[group] * wd[group]) : 0);
            bytes.putFloat(2 * GROUPS * Float.BYTES + at, has && !decoupled ? (float) wd[group] : 0);
        }
        bytes.position(3 * GROUPS * Float.BYTES);
    }

    /** Lists as short as a launch takes; none where there is nothing to do. */
    private static List<List<Segment>> parts(List<Segment> segments) {
        if (segments.isEmpty()) {
            return List.of();
        }
        if (segments.size() <= SegmentBytes.MOST) {
            return List.of(segments);
        }
        return IntStream.range(0, (int) Kernel.blocks(segments.size(), SegmentBytes.MOST))
                .mapToObj(part -> segments.subList(
                        part * SegmentBytes.MOST, Math.min(segments.size(), (part + 1) * SegmentBytes.MOST)))
                .toList();
    }
}
