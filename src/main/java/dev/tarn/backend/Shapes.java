package dev.tarn.backend;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The argument checks of every operation, one method each, so that all backends refuse the same calls with the same
 * words. A failed check is an {@link IllegalArgumentException} that names the operation, the argument, the shape it has
 * and the shape it needs: a defect of the caller, never of a user. The methods look at shapes only, take no memory unless
 * they fail, and cannot see whether two tensors share memory. Thread-safety: stateless.
 */
public final class Shapes {

    private Shapes() {}

    /** Checks {@link Backend#upload} and {@link Backend#download}: a kind, and a host array of exactly this length. */
    public static void transfer(String op, Tensor tensor, Tensor.Kind kind, int length) {
        kind(op, "tensor", tensor, kind);
        if (tensor.size() != length) {
            throw new IllegalArgumentException(op + ": the array has " + length + " elements, the tensor "
                    + text(tensor) + " has " + tensor.size());
        }
    }

    /** Checks the upload of ids, for which the host array may be longer than the tensor. */
    public static void uploadIds(Tensor target, int length) {
        kind("upload", "target", target, Tensor.Kind.IDS);
        if (length < target.size()) {
            throw new IllegalArgumentException("upload: the array has " + length + " ids, too few for the tensor "
                    + text(target) + " of " + target.size());
        }
    }

    /** Checks {@link Backend#copy}. */
    public static void copy(Tensor source, Tensor target) {
        real("copy", "source", source);
        real("copy", "target", target);
        if (source.size() != target.size()) {
            throw new IllegalArgumentException(
                    "copy: source is " + text(source) + ", target is " + text(target) + "; both need the same size");
        }
    }

    /** Checks {@link Backend#embed}. */
    public static void embed(Tensor w, Tensor ids, Mask rows, Mask input, Tensor out) {
        embedding("embed", w, "w", ids, rows, input, out, "out");
    }

    /** Checks {@link Backend#embedBackward}; {@code padding} is -1 or a row of the table. */
    public static void embedBackward(Tensor dOut, Tensor ids, Mask rows, Mask input, int padding, Tensor dw) {
        embedding("embedBackward", dw, "dw", ids, rows, input, dOut, "dOut");
        if (padding < -1 || padding >= dw.dim(0)) {
            throw new IllegalArgumentException(
                    "embedBackward: padding is " + padding + ", the table is " + text(dw) + "; -1 means none");
        }
    }

    private static void embedding(
            String op, Tensor w, String wName, Tensor ids, Mask rows, Mask input, Tensor out, String outName) {
        rank(op, wName, w, 2);
        rank(op, "ids", ids, 2);
        kind(op, "ids", ids, Tensor.Kind.IDS);
        kind(op, wName, w, Tensor.Kind.REAL);
        is(op, outName, out, ids.dim(0), ids.dim(1), w.dim(1));
        mask(op, "rows", rows, w.dim(0));
        mask(op, "input", input, (long) ids.dim(1) * w.dim(1));
    }

    /** Checks one id that an operation reads; {@code position} counts from the first of the tensor. */
    public static void id(String op, int id, long position, int vocabulary) {
        if (id < 0 || id >= vocabulary) {
            throw new IllegalArgumentException(
                    op + ": id " + id + " at position " + position + " is outside 0.." + (vocabulary - 1));
        }
    }

    /** Checks {@link Backend#lockedDropout}. */
    public static void lockedDropout(Tensor x, Mask mask, Tensor out) {
        rank("lockedDropout", "x", x, 3);
        real("lockedDropout", "x", x);
        is("lockedDropout", "out", out, x.dim(0), x.dim(1), x.dim(2));
        mask("lockedDropout", "mask", mask, (long) x.dim(1) * x.dim(2));
    }

    /** Checks {@link Backend#regularize}. */
    public static void regularize(
            Tensor h,
            @Nullable Padding padding,
            Mask mask,
            Tensor h0,
            Tensor dDropped,
            Tensor dh,
            Tensor values,
            @Nullable Tensor norms) {
        String op = "regularize";
        rank(op, "h", h, 3);
        real(op, "h", h);
        if (padding != null) {
            padding(op, padding, h.dim(0), h.dim(1));
        }
        is(op, "h0", h0, h.dim(1), h.dim(2));
        is(op, "dDropped", dDropped, h.dim(0), h.dim(1), h.dim(2));
        is(op, "dh", dh, h.dim(0), h.dim(1), h.dim(2));
        is(op, "values", values, Regularization.VALUES);
        if (norms != null) {
            is(op, "norms", norms, h.dim(0), h.dim(1));
        }
        mask(op, "mask", mask, (long) h.dim(1) * h.dim(2));
    }

    private static void padding(String op, Padding padding, int steps, int batch) {
        ids(op, "padding", padding.ids(), steps, batch);
        long positions = (long) steps * batch;
        if (padding.steps() < 0
                || padding.steps() > positions
                || padding.pairs() < 0
                || padding.pairs() > positions - batch
                || padding.first() < 0
                || padding.first() > batch) {
            throw new IllegalArgumentException(op + ": " + padding + " cannot be counted in " + text(steps, batch));
        }
    }

    /** Checks {@link Backend#pool}. */
    public static void pool(Tensor h, Padding padding, Tensor out, Tensor steps) {
        pooling("pool", h, "h", padding, out, "out", steps);
    }

    /** Checks {@link Backend#poolBackward}. */
    public static void poolBackward(Tensor dOut, Padding padding, Tensor steps, Tensor dh) {
        pooling("poolBackward", dh, "dh", padding, dOut, "dOut", steps);
    }

    private static void pooling(
            String op, Tensor h, String hName, Padding padding, Tensor out, String outName, Tensor steps) {
        rank(op, hName, h, 3);
        real(op, hName, h);
        padding(op, padding, h.dim(0), h.dim(1));
        is(op, outName, out, h.dim(1), 3 * h.dim(2));
        ids(op, "steps", steps, h.dim(1), h.dim(2));
    }

    /** Checks {@link Backend#linear}. */
    public static void linear(Tensor x, Tensor w, Tensor b, Tensor y) {
        rank("linear", "x", x, 2);
        rank("linear", "w", w, 2);
        real("linear", "x", x);
        is("linear", "w", w, w.dim(0), x.dim(1));
        is("linear", "b", b, w.dim(0));
        is("linear", "y", y, x.dim(0), w.dim(0));
    }

    /** Checks {@link Backend#linearBackward}. */
    public static void linearBackward(Tensor x, Tensor w, Tensor dy, @Nullable Tensor dx, Tensor dw, Tensor db) {
        String op = "linearBackward";
        rank(op, "x", x, 2);
        rank(op, "w", w, 2);
        real(op, "x", x);
        is(op, "w", w, w.dim(0), x.dim(1));
        is(op, "dy", dy, x.dim(0), w.dim(0));
        optional(op, "dx", dx, x.dim(0), x.dim(1));
        is(op, "dw", dw, w.dim(0), w.dim(1));
        is(op, "db", db, w.dim(0));
    }

    /** Checks {@link Backend#batchNorm}. */
    public static void batchNorm(Tensor x, BatchNorm norm, Tensor saved, Mask mask, Tensor y) {
        String op = "batchNorm";
        batchNorm(op, x, norm);
        if (x.dim(0) < 2) {
            throw new IllegalArgumentException(op + ": x is " + text(x) + ", training needs 2 rows or more");
        }
        is(op, "saved", saved, 2, x.dim(1));
        mask(op, "mask", mask, x.size());
        is(op, "y", y, x.dim(0), x.dim(1));
    }

    /** Checks {@link Backend#batchNormEvaluate}. */
    public static void batchNormEvaluate(Tensor x, BatchNorm norm, Tensor y) {
        batchNorm("batchNormEvaluate", x, norm);
        is("batchNormEvaluate", "y", y, x.dim(0), x.dim(1));
    }

    /** Checks {@link Backend#batchNormBackward}. */
    public static void batchNormBackward(
            Tensor x, BatchNorm norm, Tensor saved, Mask mask, Tensor dy, Tensor dx, Tensor dGamma, Tensor dBeta) {
        String op = "batchNormBackward";
        batchNorm(op, x, norm);
        is(op, "saved", saved, 2, x.dim(1));
        mask(op, "mask", mask, x.size());
        is(op, "dy", dy, x.dim(0), x.dim(1));
        is(op, "dx", dx, x.dim(0), x.dim(1));
        is(op, "dGamma", dGamma, x.dim(1));
        is(op, "dBeta", dBeta, x.dim(1));
    }

    private static void batchNorm(String op, Tensor x, BatchNorm norm) {
        rank(op, "x", x, 2);
        real(op, "x", x);
        is(op, "gamma", norm.gamma(), x.dim(1));
        is(op, "beta", norm.beta(), x.dim(1));
        is(op, "mean", norm.mean(), x.dim(1));
        is(op, "variance", norm.variance(), x.dim(1));
    }

    /** Checks the sizes of a plan, which must all be at least 1. */
    public static void plan(String op, int... sizes) {
        for (int size : sizes) {
            if (size < 1) {
                throw new IllegalArgumentException(
                        op + ": sizes are " + Arrays.toString(sizes) + ", each must be >= 1");
            }
        }
    }

    /** Checks {@link Backend#lstm}. */
    public static void lstm(int batch, int maxSteps, int inputSize, int hiddenSize, int windows) {
        plan("lstm", batch, maxSteps, inputSize, hiddenSize);
        if (windows < 0) {
            throw new IllegalArgumentException("lstm: " + windows + " windows, must be >= 0");
        }
    }

    /** Checks {@link Lstm#load}. */
    public static void lstmLoad(LstmWeights weights, Mask weightDrop, int inputSize, int hiddenSize) {
        lstmWeights("lstm.load", weights, inputSize, hiddenSize);
        mask("lstm.load", "weightDrop", weightDrop, 4L * hiddenSize * hiddenSize);
    }

    /** Checks {@link Lstm#forward} against the sizes of the plan. */
    public static void lstmForward(
            Tensor x,
            Tensor h0,
            Tensor c0,
            Tensor y,
            Tensor hT,
            Tensor cT,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize) {
        String op = "lstm.forward";
        int steps = steps(op, x, maxSteps);
        is(op, "x", x, steps, batch, inputSize);
        is(op, "h0", h0, batch, hiddenSize);
        is(op, "c0", c0, batch, hiddenSize);
        is(op, "y", y, steps, batch, hiddenSize);
        is(op, "hT", hT, batch, hiddenSize);
        is(op, "cT", cT, batch, hiddenSize);
    }

    /** Checks {@link Lstm#backward} against the sizes of the plan. */
    public static void lstmBackward(
            Tensor x,
            Tensor h0,
            Tensor c0,
            Tensor y,
            Tensor dy,
            @Nullable Tensor dhT,
            @Nullable Tensor dcT,
            @Nullable Tensor dx,
            @Nullable Tensor dh0,
            @Nullable Tensor dc0,
            @Nullable LstmWeights gradients,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize) {
        String op = "lstm.backward";
        int steps = steps(op, x, maxSteps);
        is(op, "x", x, steps, batch, inputSize);
        is(op, "h0", h0, batch, hiddenSize);
        is(op, "c0", c0, batch, hiddenSize);
        is(op, "y", y, steps, batch, hiddenSize);
        is(op, "dy", dy, steps, batch, hiddenSize);
        optional(op, "dhT", dhT, batch, hiddenSize);
        optional(op, "dcT", dcT, batch, hiddenSize);
        if (dx != null) {
            is(op, "dx", dx, steps, batch, inputSize);
        }
        optional(op, "dh0", dh0, batch, hiddenSize);
        optional(op, "dc0", dc0, batch, hiddenSize);
        if (gradients != null) {
            lstmWeights(op, gradients, inputSize, hiddenSize);
        }
    }

    private static void lstmWeights(String op, LstmWeights weights, int inputSize, int hiddenSize) {
        is(op, "wIh", weights.wIh(), 4 * hiddenSize, inputSize);
        is(op, "wHh", weights.wHh(), 4 * hiddenSize, hiddenSize);
        is(op, "bIh", weights.bIh(), 4 * hiddenSize);
        is(op, "bHh", weights.bHh(), 4 * hiddenSize);
    }

    private static int steps(String op, Tensor x, int maxSteps) {
        rank(op, "x", x, 3);
        if (x.dim(0) < 1 || x.dim(0) > maxSteps) {
            throw new IllegalArgumentException(
                    op + ": x is " + text(x) + ", but the plan takes T in 1.." + maxSteps + " steps");
        }
        return x.dim(0);
    }

    /** Checks {@link Decoder#load}. */
    public static void decoderLoad(Tensor w, @Nullable Tensor b, int vocabulary, int embSz) {
        is("decoder.load", "w", w, vocabulary, embSz);
        if (b != null) {
            is("decoder.load", "b", b, vocabulary);
        }
    }

    /** Checks {@link Decoder#loss} and returns N, the number of rows. */
    public static int decoderLoss(Tensor x, Tensor targets, Tensor stats, int embSz, int maxRows) {
        String op = "decoder.loss";
        int rows = rows(op, "x", x, embSz, maxRows);
        kind(op, "targets", targets, Tensor.Kind.IDS);
        if (targets.size() != rows) {
            throw new IllegalArgumentException(op + ": targets are " + text(targets) + ", but x is " + text(x)
                    + " and needs " + rows + " of them");
        }
        is(op, "stats", stats, Decoder.STATS);
        return rows;
    }

    /** Checks {@link Decoder#lossAndGradients} and returns N. */
    public static int decoderGradients(
            Tensor x,
            Tensor targets,
            Tensor stats,
            Tensor dx,
            @Nullable Tensor dw,
            @Nullable Tensor db,
            int vocabulary,
            int embSz,
            int maxRows) {
        String op = "decoder.lossAndGradients";
        int rows = decoderLoss(x, targets, stats, embSz, maxRows);
        if (rows(op, "dx", dx, embSz, maxRows) != rows) {
            throw new IllegalArgumentException(op + ": dx is " + text(dx) + ", but x is " + text(x));
        }
        optional(op, "dw", dw, vocabulary, embSz);
        if (db != null) {
            is(op, "db", db, vocabulary);
        }
        return rows;
    }

    /** Checks {@link Decoder#logits} and returns N. */
    public static int decoderLogits(Tensor x, Tensor logits, int vocabulary, int embSz, int maxRows) {
        int rows = rows("decoder.logits", "x", x, embSz, maxRows);
        if (rows("decoder.logits", "logits", logits, vocabulary, maxRows) != rows) {
            throw new IllegalArgumentException("decoder.logits: logits is " + text(logits) + ", but x is " + text(x));
        }
        return rows;
    }

    /** The product of all dimensions but the last, which must be {@code columns}. */
    private static int rows(String op, String name, Tensor x, int columns, int maxRows) {
        real(op, name, x);
        long rows = x.size() / columns;
        if (x.rank() < 2 || x.dim(x.rank() - 1) != columns || rows < 1 || rows > maxRows) {
            throw wrong(op, name, x, "[N," + columns + "] with N in 1.." + maxRows);
        }
        return (int) rows;
    }

    /** Checks {@link Backend#clip}. */
    public static void clip(Tensor gradients, List<Segment> segments, Tensor clip) {
        segments("clip", gradients, "gradients", segments, Integer.MAX_VALUE);
        is("clip", "clip", clip, 2);
    }

    /** Checks {@link Backend#adam}. */
    public static void adam(
            Tensor parameters,
            Tensor gradients,
            Tensor m,
            Tensor v,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            long step,
            @Nullable Tensor clip) {
        optimizer("adam", parameters, gradients, segments, lr, wd, step, clip);
        sameSize("adam", parameters, "m", m);
        sameSize("adam", parameters, "v", v);
    }

    /** Checks {@link Backend#sgd}. */
    public static void sgd(
            Tensor parameters,
            Tensor gradients,
            @Nullable Tensor buffer,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            double momentum,
            long step,
            @Nullable Tensor clip) {
        optimizer("sgd", parameters, gradients, segments, lr, wd, step, clip);
        if (buffer != null) {
            sameSize("sgd", parameters, "buffer", buffer);
        } else if (momentum != 0) {
            throw new IllegalArgumentException("sgd: momentum is " + momentum + ", but there is no buffer");
        }
    }

    /** Checks {@link Backend#average}. */
    public static void average(Tensor parameters, Tensor average, List<Segment> segments) {
        segments("average", parameters, "parameters", segments, Integer.MAX_VALUE);
        sameSize("average", parameters, "average", average);
    }

    private static void optimizer(
            String op,
            Tensor parameters,
            Tensor gradients,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            long step,
            @Nullable Tensor clip) {
        segments(op, parameters, "parameters", segments, Math.min(lr.length, wd.length));
        sameSize(op, parameters, "gradients", gradients);
        if (step < 1) {
            throw new IllegalArgumentException(op + ": step is " + step + ", the first is 1");
        }
        if (clip != null) {
            is(op, "clip", clip, 2);
        }
    }

    private static void segments(String op, Tensor flat, String name, List<Segment> segments, int groups) {
        real(op, name, flat);
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            boolean inside = segment.offset() >= 0
                    && segment.count() >= 0
                    && segment.count() <= flat.size() - segment.offset()
                    && segment.group() >= 0
                    && segment.group() < groups;
            if (!inside) {
                throw new IllegalArgumentException(op + ": " + segment + " does not fit " + name + " " + text(flat)
                        + " with " + groups + " groups");
            }
        }
    }

    private static void sameSize(String op, Tensor parameters, String name, Tensor tensor) {
        real(op, name, tensor);
        if (tensor.size() != parameters.size()) {
            throw new IllegalArgumentException(
                    op + ": " + name + " is " + text(tensor) + ", but parameters is " + text(parameters));
        }
    }

    /** Checks that a given mask has one entry per element; the others always fit. */
    public static void mask(String op, String name, Mask mask, long elements) {
        if (mask instanceof Mask.Given given) {
            real(op, name, given.values());
            if (given.values().size() != elements) {
                throw new IllegalArgumentException(op + ": the given mask " + name + " is " + text(given.values())
                        + ", needs " + elements + " elements");
            }
        }
    }

    private static void optional(String op, String name, @Nullable Tensor tensor, int d0, int d1) {
        if (tensor != null) {
            is(op, name, tensor, d0, d1);
        }
    }

    private static void is(String op, String name, Tensor tensor, int d0) {
        real(op, name, tensor);
        if (tensor.rank() != 1 || tensor.dim(0) != d0) {
            throw wrong(op, name, tensor, "[" + d0 + "]");
        }
    }

    private static void is(String op, String name, Tensor tensor, int d0, int d1) {
        real(op, name, tensor);
        if (tensor.rank() != 2 || tensor.dim(0) != d0 || tensor.dim(1) != d1) {
            throw wrong(op, name, tensor, "[" + d0 + "," + d1 + "]");
        }
    }

    private static void is(String op, String name, Tensor tensor, int d0, int d1, int d2) {
        real(op, name, tensor);
        if (tensor.rank() != 3 || tensor.dim(0) != d0 || tensor.dim(1) != d1 || tensor.dim(2) != d2) {
            throw wrong(op, name, tensor, "[" + d0 + "," + d1 + "," + d2 + "]");
        }
    }

    private static void ids(String op, String name, Tensor tensor, int d0, int d1) {
        kind(op, name, tensor, Tensor.Kind.IDS);
        if (tensor.rank() != 2 || tensor.dim(0) != d0 || tensor.dim(1) != d1) {
            throw wrong(op, name, tensor, "[" + d0 + "," + d1 + "]");
        }
    }

    /** Checks {@link Lstm#window}. */
    public static void lstmWindow(int window, int windows) {
        if (window < 0 || window >= windows) {
            throw new IllegalArgumentException(
                    "lstm.window: " + window + ", but the plan keeps " + windows + " of them, from 0 on");
        }
    }

    /**
     * Checks that a window holds what the backward of so many steps needs.
     *
     * @param kept the steps of the last training forward in it that no backward has used, or 0
     * @throws IllegalStateException if it does not
     */
    public static void lstmKept(int kept, int steps) {
        if (kept != steps) {
            throw new IllegalStateException(
                    "lstm.backward: x has T=" + steps + ", the last training forward left T=" + kept);
        }
    }

    private static void rank(String op, String name, Tensor tensor, int rank) {
        if (tensor.rank() != rank) {
            throw wrong(op, name, tensor, rank + " dimensions");
        }
    }

    private static void real(String op, String name, Tensor tensor) {
        kind(op, name, tensor, Tensor.Kind.REAL);
    }

    private static void kind(String op, String name, Tensor tensor, Tensor.Kind kind) {
        if (tensor.kind() != kind) {
            throw new IllegalArgumentException(
                    op + ": " + name + " " + text(tensor) + " holds " + tensor.kind() + ", needs " + kind);
        }
    }

    private static IllegalArgumentException wrong(String op, String name, Tensor tensor, String needs) {
        return new IllegalArgumentException(op + ": " + name + " is " + text(tensor) + ", needs " + needs);
    }

    /** A shape for a message: {@code [70,64,400]}. */
    public static String text(Tensor tensor) {
        return text(tensor.shape());
    }

    /** As {@link #text(Tensor)}, of bare dimensions. */
    public static String text(int... shape) {
        return Arrays.toString(shape).replace(" ", "");
    }

    /**
     * The number of elements of a shape, for allocators.
     *
     * @throws IllegalArgumentException if a dimension is negative
     */
    public static long size(int... shape) {
        long size = 1;
        for (int dim : shape) {
            if (dim < 0) {
                throw new IllegalArgumentException("the shape " + text(shape) + " has a negative dimension");
            }
            size = Math.multiplyExact(size, dim);
        }
        return size;
    }

    /** Checks that a view of this size fits behind this offset, and returns the size. */
    public static long view(Tensor origin, long offset, int... shape) {
        long size = size(shape);
        if (offset < 0 || size > origin.size() - offset) {
            throw new IllegalArgumentException(
                    "the view " + text(shape) + " at " + offset + " reaches beyond the end of " + text(origin));
        }
        return size;
    }
}
