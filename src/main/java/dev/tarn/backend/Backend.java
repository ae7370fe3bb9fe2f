package dev.tarn.backend;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device with its one in-order stream. Order of use: open through {@link Devices}, take arenas and plans, submit
 * operations, close. Thread-safety: one thread at a time submits.
 */
public interface Backend extends AutoCloseable {

    /** What this is and what it has. */
    DeviceInfo info();

    /** A new region of device memory. */
    Arena arena(String name);

    /** Copies host values into a REAL tensor, rounding to its precision; {@code source.length} must equal its size. */
    void upload(double[] source, Tensor target);

    /** As {@link #upload(double[], Tensor)}, from single precision. */
    void upload(float[] source, Tensor target);

    /**
     * Copies the first {@code target.size()} ids of {@code source} into an IDS tensor. The source may be reused as soon
     * as this returns.
     */
    void upload(int[] source, Tensor target);

    /** Waits for the stream and copies a REAL tensor to the host. */
    void download(Tensor source, double[] target);

    /** As {@link #download(Tensor, double[])}; exact on every backend that stores floats. */
    void download(Tensor source, float[] target);

    /** Waits for the stream and copies an IDS tensor to the host. */
    void download(Tensor source, int[] target);

    /** A reusable way to read a small REAL tensor late. */
    Readback readback(Tensor source);

    /** Waits until everything submitted has run. */
    void synchronize();

    /** Sets every element to zero. */
    void zero(Tensor target);

    /** Copies a REAL tensor; both have the same size and do not overlap. */
    void copy(Tensor source, Tensor target);

    /**
     * Looks up embeddings with both input dropouts in one pass:
     * {@code out[t,b,e] = w[ids[t,b],e] · rows[ids[t,b]] · input[b,e]}.
     *
     * @param w [V,E] in
     * @param ids [T,B] in, each in 0..V-1; the caller checks them, a backend need not
     * @param rows mask over the V rows of the table (embedding dropout)
     * @param input locked mask over [B,E], the same at every time step (element {@code b*E+e})
     * @param out [T,B,E] out
     */
    void embed(Tensor w, Tensor ids, Mask rows, Mask input, Tensor out);

    /**
     * The gradient of {@link #embed} by the table, in a fixed order of summation.
     *
     * @param dOut [T,B,E] in
     * @param padding the row that receives no gradient through this path (fastai's padding_idx), or -1
     * @param dw [V,E] added to
     */
    void embedBackward(Tensor dOut, Tensor ids, Mask rows, Mask input, int padding, Tensor dw);

    /**
     * Locked dropout and its gradient, which are the same operation: {@code out[t,b,h] = mask[b,h] · x[t,b,h]}.
     *
     * @param x [T,B,H] in
     * @param mask over [B,H] (element {@code b*H+h})
     * @param out [T,B,H] out; may be x
     */
    void lockedDropout(Tensor x, Mask mask, Tensor out);

    /**
     * The backward of the output dropout together with all activation regularizers in one pass over h:
     * {@code dh = mask∘dDropped + ∂(AR + TAR + NS)/∂h}. The dropped output is never read.
     *
     * @param h [T,B,H] in, raw output of the last layer
     * @param mask the locked output mask over [B,H]
     * @param h0 [B,H] in, the carried state before the window; read only with {@code includeInitial} in the paper's form
     * @param dDropped [T,B,H] in, gradient by the dropped output
     * @param dh [T,B,H] out; may be dDropped, never h
     * @param values [3] out: the values of AR, TAR and NS
     * @param norms [T,B] out: ‖h_{t,b}‖₂, or null when not wanted
     * @param padding positions that no term looks at, whose count no mean divides by, and whose gradient is that of the
     *     dropout alone; null where there are none, or where they count as fastai lets them
     */
    void regularize(
            Regularization spec,
            Tensor h,
            @Nullable Padding padding,
            Mask mask,
            Tensor h0,
            Tensor dDropped,
            Tensor dh,
            Tensor values,
            @Nullable Tensor norms);

    /** As the other one, where every position is text. */
    default void regularize(
            Regularization spec,
            Tensor h,
            Mask mask,
            Tensor h0,
            Tensor dDropped,
            Tensor dh,
            Tensor values,
            @Nullable Tensor norms) {
        regularize(spec, h, null, mask, h0, dDropped, dh, values, norms);
    }

    /**
     * Plans an LSTM layer for batches of {@code batch} and windows of up to {@code maxSteps}.
     *
     * @param windows how many training windows the plan keeps until their backward, see {@link Lstm#window}; a plan of 0
     *     takes less memory and does not train
     */
    Lstm lstm(int batch, int maxSteps, int inputSize, int hiddenSize, int windows);

    /** As the other one, for one window at a time. */
    default Lstm lstm(int batch, int maxSteps, int inputSize, int hiddenSize) {
        return lstm(batch, maxSteps, inputSize, hiddenSize, 1);
    }

    /** Plans a decoder of {@code vocabulary} rows for up to {@code maxRows} rows of input. */
    Decoder decoder(int vocabulary, int embSz, int maxRows);

    /**
     * Concat pooling of a document's outputs (Howard &amp; Ruder 2018, section 3.3):
     * {@code out[b] = [h[T-1,b], max_t h[t,b], mean_t h[t,b]]}, maximum and mean over the steps without padding. The first
     * step wins a tie; a document of padding alone has zeros for maximum and mean.
     *
     * @param h [T,B,H] in
     * @param padding which steps are none
     * @param out [B,3H] out
     * @param steps [B,H] ids out: the step of each maximum, -1 without any
     */
    void pool(Tensor h, Padding padding, Tensor out, Tensor steps);

    /**
     * The gradient of {@link #pool}.
     *
     * @param dOut [B,3H] in
     * @param steps [B,H] ids in, what pool wrote
     * @param dh [T,B,H] out, zeros where nothing was read
     */
    void poolBackward(Tensor dOut, Padding padding, Tensor steps, Tensor dh);

    /**
     * A linear layer: {@code y = x w' + b}.
     *
     * @param x [N,I] in
     * @param w [O,I] in
     * @param b [O] in
     * @param y [N,O] out; must not alias x
     */
    void linear(Tensor x, Tensor w, Tensor b, Tensor y);

    /**
     * The gradients of {@link #linear}.
     *
     * @param dy [N,O] in
     * @param dx [N,I] out, or null when it is not wanted
     * @param dw [O,I] added to
     * @param db [O] added to
     */
    void linearBackward(Tensor x, Tensor w, Tensor dy, @Nullable Tensor dx, Tensor dw, Tensor db);

    /**
     * Batch normalisation in training (Ioffe &amp; Szegedy 2015) with the rectifier before it and the dropout behind it:
     * {@code a = relu ? max(x,0) : x; y = mask∘(gamma∘(a - mean)/√(var + 1e-5) + beta)}, mean and biased variance over
     * the N rows. The running statistics move by a tenth towards those of the batch, the variance towards the unbiased
     * one, as PyTorch's do.
     *
     * @param x [N,F] in, N at least 2
     * @param norm scale, shift and running statistics; the latter two are updated
     * @param saved [2,F] out: mean and 1/√(var + 1e-5) of the batch
     * @param mask over [N,F]
     * @param y [N,F] out; must not alias x
     */
    void batchNorm(Tensor x, boolean relu, BatchNorm norm, Tensor saved, Mask mask, Tensor y);

    /** As {@link #batchNorm} without training: by the running statistics, which stay, and without dropout; N at least 1. */
    void batchNormEvaluate(Tensor x, boolean relu, BatchNorm norm, Tensor y);

    /**
     * The gradients of {@link #batchNorm}. The rectifier passes none at 0.
     *
     * @param saved [2,F] in, what batchNorm wrote
     * @param dy [N,F] in
     * @param dx [N,F] out; may be dy
     * @param dGamma [F] added to
     * @param dBeta [F] added to
     */
    void batchNormBackward(
            Tensor x,
            boolean relu,
            BatchNorm norm,
            Tensor saved,
            Mask mask,
            Tensor dy,
            Tensor dx,
            Tensor dGamma,
            Tensor dBeta);

    /**
     * The global L2 norm of the gradients and what clipping multiplies them by, without leaving the device:
     * {@code clip[0] = ‖g‖₂}, {@code clip[1] = min(1, maxNorm / (‖g‖₂ + 1e-6))} (PyTorch's clip_grad_norm_).
     *
     * @param gradients the flat gradient tensor
     * @param segments which parts of it count
     * @param clip [2] out, handed to the optimizer step
     */
    void clip(Tensor gradients, List<Segment> segments, double maxNorm, Tensor clip);

    /**
     * One Adam step over flat tensors, in the order of fastai v1's OptimWrapper: decay, then update.
     * {@code p -= lr·wd·p} (decoupled) or {@code g += wd·p} (coupled); {@code m = β1 m + (1-β1) g};
     * {@code v = β2 v + (1-β2) g²}; {@code p -= lr/(1-β1^step) · m / (√v/√(1-β2^step) + eps)}.
     *
     * @param step 1 for the first update; β1 is the current momentum, also in the bias correction
     * @param lr learning rate of every group
     * @param wd weight decay of every group
     * @param clip [2] from {@link #clip}, whose second entry scales g first; null for none
     */
    void adam(
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
            @Nullable Tensor clip);

    /**
     * One SGD step: decay as {@link #adam}, then, with momentum, {@code buf = momentum·buf + g} (on step 1
     * {@code buf = g}) and {@code p -= lr·buf}; without, {@code p -= lr·g}.
     *
     * @param buffer momentum buffer, or null when momentum is 0; with momentum 0 it is left alone
     */
    void sgd(
            Tensor parameters,
            Tensor gradients,
            @Nullable Tensor buffer,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double momentum,
            long step,
            @Nullable Tensor clip);

    /** Running average for ASGD: {@code average += (parameters - average) · weight}. */
    void average(Tensor parameters, Tensor average, List<Segment> segments, double weight);

    @Override
    void close();
}
