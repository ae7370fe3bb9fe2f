package dev.tarn.bench;

import dev.tarn.backend.Precision;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The peer: the same step on libtorch, differentiated by its autograd in one backward pass. BF16 is CPU autocast, as a
 * PyTorch user gets it: LSTM layers and decoder in bfloat16, cross-entropy and regularizers in float32.
 */
final class TorchTraining implements Training {

    private static final int PADDING = 1;
    private static final Scalar SQUARE = new Scalar(2);

    private final Size size;
    private final Recipe recipe;
    private final boolean bf16;
    private final boolean batchFirst;
    private final Tensor embedding;
    private final Tensor bias;
    private final Tensor[][] layers = new Tensor[Size.N_LAYERS][4];
    private final Tensor[] h = new Tensor[Size.N_LAYERS];
    private final Tensor[] c = new Tensor[Size.N_LAYERS];
    private final TensorVector parameters = new TensorVector();
    private final TorchAdamW optimizer;
    private final Tensor x;
    private final Tensor y;
    private final long[] ids;
    private final Phases phases = new Phases();

    /**
     * @param fusedAdamW false takes the optimizer class of libtorch's C++ interface
     * @param batchFirst lays sequences out as [B,T,*] instead of [T,B,*], to show which is faster
     */
    TorchTraining(Size size, Recipe recipe, Precision precision, int threads, boolean fusedAdamW, boolean batchFirst) {
        torch.set_num_threads(threads);
        this.size = size;
        this.recipe = recipe;
        this.bf16 = precision == Precision.BF16;
        this.batchFirst = batchFirst;
        embedding = parameter(size.vocab(), Size.EMB_SZ);
        FirstWeights.embedding(embedding.numel(), into(embedding));
        bias = parameter(size.vocab());
        FirstWeights.decoderBias(bias.numel(), into(bias));
        for (int layer = 0; layer < Size.N_LAYERS; layer++) {
            int hidden = Size.hiddenSize(layer);
            layers[layer][0] = parameter(4L * hidden, Size.inputSize(layer));
            layers[layer][1] = parameter(4L * hidden, hidden);
            layers[layer][2] = parameter(4L * hidden);
            layers[layer][3] = parameter(4L * hidden);
            for (int which = 0; which < 4; which++) {
                FirstWeights.lstm(layer, which, layers[layer][which].numel(), into(layers[layer][which]));
            }
            h[layer] = torch.zeros(1, size.batch(), hidden);
            c[layer] = torch.zeros(1, size.batch(), hidden);
        }
        optimizer = fusedAdamW ? TorchAdamW.fused(parameters, recipe) : TorchAdamW.ofLibrary(parameters, recipe);
        x = torch.zeros(shape(size.steps(), size.batch())).to(ScalarType.Long);
        y = torch.zeros(size.tokens()).to(ScalarType.Long);
        ids = new long[size.tokens()];
    }

    private Tensor parameter(long... shape) {
        Tensor tensor = torch.zeros(shape);
        tensor.set_requires_grad(true);
        parameters.push_back(tensor);
        return tensor;
    }

    private static FirstWeights.Sink into(Tensor tensor) {
        return (offset, values, count) ->
                tensor.data_ptr_float().position(offset).put(values, 0, count);
    }

    @Override
    @SuppressWarnings("try") // the scope frees every tensor of the step when it closes and is not used otherwise
    public Figures train(int[] inputs, int[] targets, long step) {
        phases.start();
        try (PointerScope scope = new PointerScope()) {
            upload(inputs, x);
            upload(targets, y);
            for (long i = 0; i < parameters.size(); i++) {
                parameters.get(i).mutable_grad().reset();
            }
            autocast(bf16);
            Tensor input = embed();
            Tensor[] hT = new Tensor[Size.N_LAYERS];
            Tensor[] cT = new Tensor[Size.N_LAYERS];
            Tensor raw = input;
            for (int layer = 0; layer < Size.N_LAYERS; layer++) {
                Tensor[] w = layers[layer];
                Tensor dropped = drop(w[1], recipe.weightP(), 4L * Size.hiddenSize(layer), Size.hiddenSize(layer));
                T_TensorTensorTensor_T out = torch.lstm(
                        input,
                        new TensorVector(h[layer], c[layer]),
                        new TensorVector(w[0], dropped, w[2], w[3]),
                        true,
                        1,
                        0,
                        true,
                        false,
                        batchFirst);
                raw = out.get0();
                hT[layer] = out.get1();
                cT[layer] = out.get2();
                double p = layer == Size.N_LAYERS - 1 ? recipe.outputP() : recipe.hiddenP();
                input = drop(raw, p, locked(Size.hiddenSize(layer)));
            }
            Tensor logits =
                    torch.linear(input.reshape(size.tokens(), Size.EMB_SZ), embedding, new TensorOptional(bias));
            Tensor loss = torch.cross_entropy_loss(logits, y);
            Tensor ar = input.to(ScalarType.Float).pow(SQUARE).mean().mul(new Scalar(recipe.alpha()));
            int time = batchFirst ? 1 : 0;
            Tensor difference = raw.narrow(time, 1, size.steps() - 1L).sub(raw.narrow(time, 0, size.steps() - 1L));
            Tensor tar = difference.to(ScalarType.Float).pow(SQUARE).mean().mul(new Scalar(recipe.beta()));
            Tensor total = loss.add(ar).add(tar);
            autocast(false);
            double ce = loss.item_float();
            phases.end("forward");
            total.backward();
            phases.end("backward");
            double norm = torch.clip_grad_norm_(parameters, recipe.clip());
            phases.end("clip");
            optimizer.step();
            phases.end("adam");
            for (int layer = 0; layer < Size.N_LAYERS; layer++) {
                h[layer].copy_(hT[layer].detach());
                c[layer].copy_(cT[layer].detach());
            }
            return new Figures(ce, ar.item_float(), tar.item_float(), norm);
        } finally {
            phases.end("release");
        }
    }

    /** Looks the ids up, with one mask over rows of the table and one locked mask over [B,E]. */
    private Tensor embed() {
        Tensor e = torch.embedding(embedding, x, PADDING, false, false);
        if (recipe.embedP() > 0) {
            Tensor rows = mask(recipe.embedP(), size.vocab()).index_select(0, x.reshape(size.tokens()));
            long[] shape = shape(size.steps(), size.batch());
            e = e.mul(rows.reshape(shape[0], shape[1], 1));
        }
        return drop(e, recipe.inputP(), locked(Size.EMB_SZ));
    }

    private static Tensor drop(Tensor tensor, double p, long... maskShape) {
        return p == 0 ? tensor : tensor.mul(mask(p, maskShape));
    }

    private static Tensor mask(double p, long... shape) {
        return torch.rand(shape).ge_(new Scalar(p)).mul_(new Scalar(1 / (1 - p)));
    }

    /** The shape of a mask that is the same at every time step. */
    private long[] locked(long features) {
        long[] shape = shape(1, size.batch());
        return new long[] {shape[0], shape[1], features};
    }

    private long[] shape(long steps, long batch) {
        return batchFirst ? new long[] {batch, steps} : new long[] {steps, batch};
    }

    private void upload(int[] timeMajor, Tensor tensor) {
        for (int t = 0; t < size.steps(); t++) {
            for (int b = 0; b < size.batch(); b++) {
                ids[batchFirst ? b * size.steps() + t : t * size.batch() + b] = timeMajor[t * size.batch() + b];
            }
        }
        tensor.data_ptr_long().put(ids, 0, ids.length);
    }

    private static void autocast(boolean on) {
        torch.set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
        torch.set_autocast_enabled(DeviceType.CPU, on);
        // Every weight is cast once in a step, so a cache of the casts would only hold memory.
        torch.set_autocast_cache_enabled(false);
    }

    @Override
    public Map<String, Double> phases() {
        return phases.millis();
    }

    @Override
    public String description() {
        String config = torch.show_config().getString();
        return "libtorch " + between(config, "TORCH_VERSION=", ",") + ", oneDNN " + between(config, "MKL-DNN v", " ")
                + ", BLAS " + between(config, "BLAS_INFO=", ",") + ", "
                + between(config, "CPU capability usage: ", "\n") + ", " + torch.get_num_threads() + " threads";
    }

    private static String between(String text, String before, String after) {
        int start = text.indexOf(before);
        if (start < 0) {
            return "?";
        }
        int end = text.indexOf(after, start + before.length());
        return text.substring(start + before.length(), end < 0 ? text.length() : end)
                .trim();
    }

    @Override
    public void close() {
        parameters.close();
    }
}
