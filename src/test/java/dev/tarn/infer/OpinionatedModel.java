package dev.tarn.infer;

import dev.tarn.backend.Backend;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Seeds;

/** Models with weights large enough for them to have opinions. */
final class OpinionatedModel {

    private OpinionatedModel() {}

    static LanguageModel of(Backend backend, AwdLstmConfig config, Seeds seeds) {
        LanguageModel model = new LanguageModel(backend, config, 1);
        for (Parameter parameter : model.parameters().all()) {
            model.parameters().set(parameter.name(), seeds.doubles(Math.toIntExact(parameter.size()), 1));
        }
        return model;
    }
}
