package dev.tarn.model;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.GoldenCase;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;

/** A language model as a golden case describes it, and the way from fastai's batch-first order to time-major. */
final class GoldenModel {

    private GoldenModel() {}

    static AwdLstmConfig config(GoldenCase golden) {
        JsonNode config = golden.config();
        JsonNode lm = config.path("lm_config");
        return new AwdLstmConfig(
                config.path("V").asInt(),
                lm.path("emb_sz").asInt(),
                lm.path("n_hid").asInt(),
                lm.path("n_layers").asInt(),
                lm.path("pad_token").asInt(),
                lm.path("embed_p").asDouble(),
                lm.path("input_p").asDouble(),
                lm.path("weight_p").asDouble(),
                lm.path("hidden_p").asDouble(),
                lm.path("output_p").asDouble(),
                lm.path("tie_weights").asBoolean(),
                lm.path("out_bias").asBoolean());
    }

    static LanguageModel load(Backend backend, GoldenCase golden) {
        LanguageModel model = new LanguageModel(backend, config(golden), 1);
        for (Parameter parameter : model.parameters().all()) {
            String key = "param." + parameter.name();
            if (!Arrays.equals(golden.shape(key), parameter.shape())) {
                throw new AssertionError(golden.name() + ": " + key + " is " + Arrays.toString(golden.shape(key))
                        + ", the model's is " + Arrays.toString(parameter.shape()));
            }
            model.parameters().set(parameter.name(), golden.tensor(key));
        }
        return model;
    }

    /** Ids [B,T] as [T,B]. */
    static int[] timeMajor(int[] batchFirst, int batch, int steps) {
        int[] out = new int[batchFirst.length];
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < steps; t++) {
                out[t * batch + b] = batchFirst[b * steps + t];
            }
        }
        return out;
    }

    /** A tensor [T,B,n] of the device as [B,T,n] on the host. */
    static double[] batchFirst(Backend backend, Tensor tensor, int batch, int steps) {
        double[] timeMajor = values(backend, tensor);
        int width = timeMajor.length / (batch * steps);
        double[] out = new double[timeMajor.length];
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < steps; t++) {
                System.arraycopy(timeMajor, (t * batch + b) * width, out, (b * steps + t) * width, width);
            }
        }
        return out;
    }

    static double[] values(Backend backend, Tensor tensor) {
        double[] out = new double[Math.toIntExact(tensor.size())];
        backend.download(tensor, out);
        return out;
    }

    /** The recorded masks of a batch: {@code prefix} is {@code "b0.mask."}. */
    static MaskSource masks(Backend backend, Arena arena, GoldenCase golden, String prefix) {
        return new MaskSource() {
            @Override
            public Mask embedding() {
                return given("embed");
            }

            @Override
            public Mask input() {
                return given("input");
            }

            @Override
            public Mask weight(int layer) {
                return given("weight." + layer);
            }

            @Override
            public Mask hidden(int layer) {
                return given("hidden." + layer);
            }

            @Override
            public Mask output() {
                return given("output");
            }

            private Mask given(String name) {
                double[] values = golden.tensor(prefix + name);
                Tensor tensor = arena.real("mask " + name, values.length);
                backend.upload(values, tensor);
                return new Mask.Given(tensor);
            }
        };
    }
}
