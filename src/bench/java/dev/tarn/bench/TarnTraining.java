package dev.tarn.bench;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.DrawnMasks;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import dev.tarn.nn.ParameterStore;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Our side: the training step that {@code lm train} runs, on the {@code cpu} backend, without the Learner around it. */
final class TarnTraining implements Training {

    private static final List<String> LSTM_TENSORS =
            List.of("module.weight_ih_l0", "weight_hh_l0_raw", "module.bias_ih_l0", "module.bias_hh_l0");

    private final Size size;
    private final Recipe recipe;
    private final Backend backend;
    private final LanguageModel model;
    private final LmWorkspace workspace;
    private final DrawnMasks masks;
    private final Regularization regularization;
    private final Arena arena;
    private final Tensor m;
    private final Tensor v;
    private final Tensor clip;
    private final List<Segment> segments;
    private final double[] lr;
    private final double[] wd;
    private final double[] stats = new double[2];
    private final double[] penalties = new double[Regularization.VALUES];
    private final double[] norm = new double[2];
    private final Phases phases = new Phases();

    TarnTraining(Size size, Recipe recipe, Precision precision) {
        this.size = size;
        this.recipe = recipe;
        backend = Devices.open("cpu", precision);
        AwdLstmConfig config = new AwdLstmConfig(
                size.vocab(),
                Size.EMB_SZ,
                Size.N_HID,
                Size.N_LAYERS,
                1,
                recipe.embedP(),
                recipe.inputP(),
                recipe.weightP(),
                recipe.hiddenP(),
                recipe.outputP(),
                true,
                true);
        model = new LanguageModel(backend, config, 1);
        ParameterStore parameters = model.parameters();
        firstWeights();
        workspace = model.workspace(size.batch(), size.steps());
        masks = new DrawnMasks(config, 1);
        regularization = new Regularization(
                (float) recipe.alpha(),
                (float) recipe.beta(),
                0,
                Regularization.ArOn.DROPPED,
                Regularization.NormForm.PAPER,
                false);
        arena = backend.arena("optimizer");
        int elements = Math.toIntExact(parameters.values().size());
        m = arena.real("m", elements);
        v = arena.real("v", elements);
        clip = arena.real("clip", 2);
        segments = parameters.segments(0);
        lr = new double[model.groups()];
        wd = new double[model.groups()];
        Arrays.fill(lr, recipe.lr());
        Arrays.fill(wd, recipe.wd());
    }

    private void firstWeights() {
        Tensor embedding = value(LanguageModel.ENCODER);
        FirstWeights.embedding(embedding.size(), into(embedding));
        Tensor bias = value(LanguageModel.DECODER_BIAS);
        FirstWeights.decoderBias(bias.size(), into(bias));
        for (int layer = 0; layer < Size.N_LAYERS; layer++) {
            for (int which = 0; which < LSTM_TENSORS.size(); which++) {
                Tensor tensor = value(LanguageModel.lstmName(layer, LSTM_TENSORS.get(which)));
                FirstWeights.lstm(layer, which, tensor.size(), into(tensor));
            }
        }
        model.parameters().changed();
    }

    private Tensor value(String name) {
        return model.parameters().get(name).value();
    }

    private FirstWeights.Sink into(Tensor tensor) {
        return (offset, values, count) -> backend.upload(
                count == values.length ? values : Arrays.copyOf(values, count), tensor.view(offset, count));
    }

    @Override
    public Figures train(int[] inputs, int[] targets, long step) {
        phases.start();
        ParameterStore parameters = model.parameters();
        backend.zero(parameters.gradients());
        masks.step(step);
        workspace.train(inputs, targets, size.steps(), masks, regularization, 0, false);
        backend.synchronize();
        phases.end("forward and backward");
        backend.clip(parameters.gradients(), segments, recipe.clip(), clip);
        backend.synchronize();
        phases.end("clip");
        backend.adam(
                parameters.values(),
                parameters.gradients(),
                m,
                v,
                segments,
                lr,
                wd,
                true,
                recipe.beta1(),
                recipe.beta2(),
                recipe.eps(),
                step,
                clip);
        workspace.weightsChanged();
        backend.download(workspace.stats(), stats);
        backend.download(workspace.penalties(), penalties);
        backend.download(clip, norm);
        phases.end("adam");
        return new Figures(stats[0], penalties[0], penalties[1], norm[0]);
    }

    @Override
    public Map<String, Double> phases() {
        return phases.millis();
    }

    @Override
    public String description() {
        return backend.info().description();
    }

    @Override
    public void close() {
        workspace.close();
        arena.close();
        model.close();
        backend.close();
    }
}
