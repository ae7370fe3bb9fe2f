package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The whole model against what fastai v1 computed, on every backend. */
class GoldenLanguageModelTest {

    private interface Check {
        void run(Backend backend, GoldenCase golden);
    }

    @TestFactory
    Stream<DynamicNode> evaluationGivesLogitsAndStatesOfFastai() {
        return everywhere("02-awd-lstm-lm-eval", this::evaluate);
    }

    @TestFactory
    Stream<DynamicNode> trainingGivesLossesAndGradientsOfFastai() {
        return everywhere("03-awd-lstm-lm-train", this::train);
    }

    private static Stream<DynamicNode> everywhere(String prefix, Check check) {
        return OnEveryBackend.available()
                .map(device -> DynamicContainer.dynamicContainer(
                        device.toString(),
                        Golden.cases(prefix).stream()
                                .map(golden -> DynamicTest.dynamicTest(golden.name(), () -> {
                                    try (Backend backend = device.open()) {
                                        check.run(backend, golden);
                                    }
                                }))));
    }

    /** Carried windows; one of another batch size starts from zeros, as in fastai, and so in a workspace of its own. */
    private void evaluate(Backend backend, GoldenCase golden) {
        try (LanguageModel model = GoldenModel.load(backend, golden)) {
            int k = 0;
            while (golden.has("b" + k + ".x")) {
                int batch = golden.shape("b" + k + ".x")[0];
                try (LmWorkspace workspace = model.evaluationWorkspace(batch, longest(golden))) {
                    while (golden.has("b" + k + ".x") && golden.shape("b" + k + ".x")[0] == batch) {
                        int steps = golden.shape("b" + k + ".x")[1];
                        workspace.forward(GoldenModel.timeMajor(golden.ids("b" + k + ".x"), batch, steps), steps);
                        check(backend, golden, workspace, "b" + k + ".", "hidden", batch, steps);
                        k++;
                    }
                }
            }
            assertThat(k).isPositive();
        }
    }

    private static int longest(GoldenCase golden) {
        int longest = 0;
        for (int k = 0; golden.has("b" + k + ".x"); k++) {
            longest = Math.max(longest, golden.shape("b" + k + ".x")[1]);
        }
        return longest;
    }

    private void train(Backend backend, GoldenCase golden) {
        JsonNode config = golden.config();
        // fastai leaves TAR and the norm-stabilizer out when the *batch* has one row.
        boolean isSingle = config.path("B").asInt() == 1;
        float alpha = (float) config.path("alpha").asDouble();
        float beta = isSingle ? 0 : (float) config.path("beta").asDouble();
        float gamma = isSingle ? 0 : (float) config.path("beta_norm").asDouble();
        train(backend, golden, "rnntrainer", new Regularization(alpha, beta, 0, ArOn.RAW, NormForm.PAPER, false));
        train(backend, golden, "norm_seed", new Regularization(alpha, beta, gamma, ArOn.RAW, NormForm.SEED, false));
        train(backend, golden, "norm_paper", new Regularization(alpha, beta, gamma, ArOn.RAW, NormForm.PAPER, false));
    }

    private void train(Backend backend, GoldenCase golden, String total, Regularization spec) {
        int batch = golden.shape("b0.x")[0];
        try (LanguageModel model = GoldenModel.load(backend, golden);
                LmWorkspace workspace = model.workspace(batch, longest(golden) + 3);
                Arena arena = backend.arena("test")) {
            for (int k = 0; golden.has("b" + k + ".x"); k++) {
                String b = "b" + k + ".";
                int steps = golden.shape(b + "x")[1];
                int[] inputs = GoldenModel.timeMajor(golden.ids(b + "x"), batch, steps);
                int[] targets = GoldenModel.timeMajor(golden.ids(b + "y"), batch, steps);
                MaskSource masks = GoldenModel.masks(backend, arena, golden, b + "mask.");
                model.parameters().zeroGradients();
                workspace.train(inputs, targets, steps, masks, spec, 0, false);

                check(backend, golden, workspace, b, "hidden_out", batch, steps);
                checkScalars(backend, golden, workspace, "b" + k, total, spec);
                String gradients = b + "grad_" + total + ".";
                for (Parameter parameter : model.parameters().all()) {
                    golden.assertClose(
                            gradients + parameter.name(), model.parameters().gradient(parameter.name()));
                }
                checkLastOutput(
                        golden,
                        gradients,
                        GoldenModel.batchFirst(
                                backend,
                                gradientByLastOutput(backend, arena, model, workspace, targets, masks, spec),
                                batch,
                                steps));
            }
        }
    }

    /**
     * The case does not say what float32 lost here; the bias of the last layer, whose gradient is a linear image of this
     * one, stands in for it.
     */
    private static void checkLastOutput(GoldenCase golden, String gradients, double[] got) {
        double[] expected = golden.tensor(gradients + "raw_outputs_last");
        String bias =
                gradients + LanguageModel.lstmName(golden.config().path("nl").asInt() - 1, "module.bias_ih_l0");
        double allowed = golden.tolerance(bias) / largest(golden.tensor(bias)) * largest(expected);
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.length; i++) {
            assertThat(Math.abs(got[i] - expected[i]))
                    .as("%s: %sraw_outputs_last[%d]", golden.name(), gradients, i)
                    .isLessThanOrEqualTo(allowed);
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow();
    }

    private static void check(
            Backend backend, GoldenCase golden, LmWorkspace workspace, String b, String hidden, int batch, int steps) {
        int layers = golden.config().path("nl").asInt();
        for (int layer = 0; layer < layers; layer++) {
            golden.assertClose(
                    b + "raw_outputs." + layer, GoldenModel.batchFirst(backend, workspace.raw(layer), batch, steps));
            golden.assertClose(
                    b + "outputs." + layer, GoldenModel.batchFirst(backend, workspace.output(layer), batch, steps));
            String state = b + hidden + "." + layer;
            golden.assertClose(state + ".h", GoldenModel.values(backend, workspace.hidden(layer)));
            golden.assertClose(state + ".c", GoldenModel.values(backend, workspace.cell(layer)));
        }
        try (Arena arena = backend.arena("test")) {
            Tensor logits =
                    arena.real("logits", steps, batch, golden.config().path("V").asInt());
            workspace.logits(0, logits);
            golden.assertClose(b + "logits", GoldenModel.batchFirst(backend, logits, batch, steps));
        }
    }

    /** Against the float64 values: plain float32 loses up to about 1e-6 of a sum of this size. */
    private static void checkScalars(
            Backend backend, GoldenCase golden, LmWorkspace workspace, String b, String total, Regularization spec) {
        double ce = GoldenModel.values(backend, workspace.stats())[0];
        double[] penalties = GoldenModel.values(backend, workspace.penalties());
        String norm = spec.normForm() == NormForm.SEED ? "ns_seed" : "ns_paper";
        scalar(golden, b + ".ce", ce);
        scalar(golden, b + ".ar", penalties[0]);
        if (spec.beta() > 0) {
            scalar(golden, b + ".tar", penalties[1]);
        }
        if (spec.gamma() > 0) {
            scalar(golden, b + "." + norm, penalties[2]);
        }
        scalar(golden, b + ".total_" + total, ce + penalties[0] + penalties[1] + penalties[2]);
    }

    private static void scalar(GoldenCase golden, String path, double got) {
        double exact = golden.value(path + "_f64");
        double lost = Math.abs(golden.value(path) - exact);
        assertThat(Math.abs(got - exact))
                .as("%s: %s is %s, expected %s", golden.name(), path, got, exact)
                .isLessThanOrEqualTo(40 * lost + 2e-6 * Math.abs(exact));
    }

    /** The gradient that enters the last layer's backward, which a workspace overwrites, made again from its parts. */
    private static Tensor gradientByLastOutput(
            Backend backend,
            Arena arena,
            LanguageModel model,
            LmWorkspace workspace,
            int[] targets,
            MaskSource masks,
            Regularization spec) {
        AwdLstmConfig config = model.config();
        int last = config.nLayers() - 1;
        Tensor raw = workspace.raw(last);
        Tensor ids = arena.ids("targets", raw.dim(0), raw.dim(1));
        backend.upload(targets, ids);
        Tensor gradient = arena.real("gradient", raw.shape());
        Tensor h0 = arena.real("h0", raw.dim(1), raw.dim(2));
        try (Decoder decoder = backend.decoder(config.vocab(), config.embSz(), raw.dim(0) * raw.dim(1))) {
            Parameter bias = model.decoderBias();
            decoder.load(model.decoderWeight().value(), bias == null ? null : bias.value());
            Tensor stats = arena.real("stats", Decoder.STATS);
            decoder.lossAndGradients(workspace.decoderInput(), ids, stats, gradient, null, null);
        }
        Tensor values = arena.real("values", Regularization.VALUES);
        backend.regularize(spec, raw, masks.output(), h0, gradient, gradient, values, null);
        return gradient;
    }
}
