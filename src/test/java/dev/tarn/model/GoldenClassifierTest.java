package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Buffer;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The whole classifier against what fastai v1 computed, on every backend. */
class GoldenClassifierTest {

    @TestFactory
    Stream<DynamicNode> pooledOutputsLogitsLossesAndGradientsAreThoseOfFastai() {
        List<GoldenCase> cases = Golden.cases("07-classifier");
        return OnEveryBackend.available()
                .map(device -> DynamicContainer.dynamicContainer(
                        device.toString(),
                        cases.stream()
                                .map(golden -> DynamicTest.dynamicTest(golden.name(), () -> {
                                    try (Backend backend = device.open();
                                            TextClassifier model = load(backend, golden)) {
                                        if (golden.config()
                                                .path("mode")
                                                .asString()
                                                .equals("train")) {
                                            train(backend, golden, model);
                                        } else {
                                            evaluate(backend, golden, model);
                                        }
                                    }
                                }))));
    }

    private static TextClassifier load(Backend backend, GoldenCase golden) {
        JsonNode config = golden.config();
        JsonNode encoder = config.path("encoder_config");
        AwdLstmConfig awdLstm = new AwdLstmConfig(
                config.path("V").asInt(),
                encoder.path("emb_sz").asInt(),
                encoder.path("n_hid").asInt(),
                encoder.path("n_layers").asInt(),
                encoder.path("pad_token").asInt(),
                encoder.path("embed_p").asDouble(),
                encoder.path("input_p").asDouble(),
                encoder.path("weight_p").asDouble(),
                encoder.path("hidden_p").asDouble(),
                encoder.path("output_p").asDouble(),
                true,
                true);
        TextClassifierConfig sizes = new TextClassifierConfig(
                awdLstm,
                config.path("n_class").asInt(),
                config.path("lin_ftrs").valueStream().map(JsonNode::asInt).toList(),
                config.path("ps").valueStream().map(JsonNode::asDouble).toList(),
                config.path("bptt").asInt(),
                config.path("max_len").asInt());
        TextClassifier model = new TextClassifier(backend, sizes, 1);
        List<String> names = new ArrayList<>();
        for (Parameter parameter : model.parameters().all()) {
            names.add("param." + parameter.name());
            assertThat(parameter.shape()).as(parameter.name()).isEqualTo(golden.shape("param." + parameter.name()));
            model.parameters().set(parameter.name(), golden.tensor("param." + parameter.name()));
        }
        for (Buffer buffer : model.buffers()) {
            names.add("param." + buffer.name());
            backend.upload(golden.tensor("param." + buffer.name()), buffer.value());
        }
        for (String counter : model.counters()) {
            names.add("param." + counter);
            model.batchesTracked(golden.ids("param." + counter)[0]);
        }
        assertThat(golden.keys().stream().filter(key -> key.startsWith("param.")))
                .as("all of fastai's tensors have their place")
                .hasSameElementsAs(names);
        return model;
    }

    private static void evaluate(Backend backend, GoldenCase golden, TextClassifier model) {
        int batch = golden.shape("x")[0];
        int steps = golden.shape("x")[1];
        int[] ids = GoldenModel.timeMajor(golden.ids("x"), batch, steps);
        try (ClassifierWorkspace workspace = model.evaluationWorkspace(batch, steps);
                Arena arena = backend.arena("test")) {
            workspace.forward(ids, steps);
            checkForward(backend, golden, model, workspace);
            double ce = crossEntropy(GoldenModel.values(backend, workspace.logits()), golden.ids("y"));
            scalar(golden, "ce", ce);

            // What RNNTrainer would add, over padding and all.
            Tensor output = workspace.output();
            Tensor gradient = arena.real("gradient", output.shape());
            Tensor h0 = arena.real("h0", output.dim(1), output.dim(2));
            Tensor values = arena.real("values", Regularization.VALUES);
            backend.regularize(penalties(golden, true), output, Mask.NONE, h0, gradient, gradient, values, null);
            scalar(golden, "ar", GoldenModel.values(backend, values)[0]);
            scalar(golden, "tar", GoldenModel.values(backend, values)[1]);
        }
    }

    private static void train(Backend backend, GoldenCase golden, TextClassifier model) {
        int batch = golden.shape("x")[0];
        int steps = golden.shape("x")[1];
        int[] ids = GoldenModel.timeMajor(golden.ids("x"), batch, steps);
        try (ClassifierWorkspace workspace = model.workspace(batch, steps);
                Arena arena = backend.arena("test")) {
            ClassifierMasks masks = masks(backend, arena, golden);
            for (String total : List.of("grad_ce.", "grad_total.")) {
                for (Buffer buffer : model.buffers()) {
                    backend.upload(golden.tensor("param." + buffer.name()), buffer.value());
                }
                long batches = model.batchesTracked();
                model.parameters().zeroGradients();
                Regularization penalties = penalties(golden, total.equals("grad_total."));
                workspace.train(ids, steps, golden.ids("y"), masks, penalties, false, 0);
                checkForward(backend, golden, model, workspace);
                scalar(golden, "ce", GoldenModel.values(backend, workspace.stats())[0]);
                for (Parameter parameter : model.parameters().all()) {
                    golden.assertClose(
                            total + parameter.name(), model.parameters().gradient(parameter.name()));
                }
                for (Buffer buffer : model.buffers()) {
                    golden.assertClose("after." + buffer.name(), GoldenModel.values(backend, buffer.value()));
                }
                assertThat(model.batchesTracked()).isEqualTo(batches + 1);
            }
            double[] penalties = GoldenModel.values(backend, workspace.penalties());
            scalar(golden, "ar", penalties[0]);
            scalar(golden, "tar", penalties[1]);
            scalar(golden, "total", GoldenModel.values(backend, workspace.stats())[0] + penalties[0] + penalties[1]);
            for (String counter : model.counters()) {
                assertThat(golden.ids("after." + counter)).containsExactly(1);
            }
        }
    }

    private static Regularization penalties(GoldenCase golden, boolean all) {
        return all
                ? new Regularization(
                        (float) golden.config().path("alpha").asDouble(),
                        (float) golden.config().path("beta").asDouble(),
                        0,
                        ArOn.RAW,
                        NormForm.PAPER,
                        false)
                : Regularization.NONE;
    }

    private static void checkForward(
            Backend backend, GoldenCase golden, TextClassifier model, ClassifierWorkspace workspace) {
        int batch = golden.shape("x")[0];
        int kept = golden.shape("mask.pad")[1];
        assertThat(workspace.output().dim(0)).isEqualTo(kept);
        golden.assertClose("raw_outputs_last", GoldenModel.batchFirst(backend, workspace.output(), batch, kept));
        golden.assertClose("pooled", GoldenModel.values(backend, workspace.pooled()));
        workspace.head().computeLogits();
        golden.assertClose("logits", GoldenModel.values(backend, workspace.logits()));
        for (int layer = 0; layer < model.config().awdLstm().nLayers(); layer++) {
            String state = "hidden_out." + layer;
            golden.assertClose(
                    state + ".h",
                    GoldenModel.values(backend, workspace.encoder().hidden(layer)));
            golden.assertClose(
                    state + ".c",
                    GoldenModel.values(backend, workspace.encoder().cell(layer)));
        }
    }

    private static ClassifierMasks masks(Backend backend, Arena arena, GoldenCase golden) {
        boolean drops = golden.keys().stream().anyMatch(key -> key.contains("mask.embed"));
        List<MaskSource> chunks = new ArrayList<>();
        for (int chunk = 0; drops && golden.has("c" + chunk + ".mask.embed"); chunk++) {
            chunks.add(GoldenModel.masks(backend, arena, golden, "c" + chunk + ".mask."));
        }
        return new ClassifierMasks() {
            @Override
            public MaskSource chunk(int chunk) {
                return drops ? chunks.get(chunk) : MaskSource.NONE;
            }

            @Override
            public Mask head(int block) {
                // The number of the dropout among the modules: four to a block, and the second of them.
                String key = "mask.clf." + (4 * block + 1);
                if (!golden.has(key)) {
                    return Mask.NONE;
                }
                double[] values = golden.tensor(key);
                Tensor tensor = arena.real(key, values.length);
                backend.upload(values, tensor);
                return new Mask.Given(tensor);
            }
        };
    }

    private static double crossEntropy(double[] logits, int[] labels) {
        int classes = logits.length / labels.length;
        double sum = 0;
        for (int b = 0; b < labels.length; b++) {
            double exponentials = 0;
            for (int c = 0; c < classes; c++) {
                exponentials += Math.exp(logits[b * classes + c]);
            }
            sum += Math.log(exponentials) - logits[b * classes + labels[b]];
        }
        return sum / labels.length;
    }

    /** Against the float64 values: plain float32 loses up to about 1e-6 of a sum of this size. */
    private static void scalar(GoldenCase golden, String name, double got) {
        double exact = golden.value(name + "_f64");
        double lost = Math.abs(golden.value(name) - exact);
        assertThat(Math.abs(got - exact))
                .as("%s: %s is %s, expected %s", golden.name(), name, got, exact)
                .isLessThanOrEqualTo(40 * lost + 2e-6 * Math.abs(exact));
    }
}
