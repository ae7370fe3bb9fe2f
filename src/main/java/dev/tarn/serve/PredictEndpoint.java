package dev.tarn.serve;

import dev.tarn.DataException;
import dev.tarn.infer.Prediction;
import dev.tarn.infer.Predictor;
import dev.tarn.run.JsonEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code POST /predict}: a classifier says which class texts belong to.
 *
 * <pre>
 *   {"texts": ["A fine film.", "Dull."]}
 *   {"predictions": [{"label": "pos", "probabilities": {"neg": 0.1, "pos": 0.9}}, ...]}
 * </pre>
 */
public final class PredictEndpoint implements Endpoint<List<String>> {

    private static final int MOST_TEXTS = 256;

    private final Predictor predictor;
    private final JsonEvent model;

    /** @param model what the model is, for {@code GET /health} */
    public PredictEndpoint(Predictor predictor, JsonEvent model) {
        this.predictor = predictor;
        this.model = model;
    }

    @Override
    public String path() {
        return "/predict";
    }

    @Override
    public JsonEvent model() {
        return model;
    }

    @Override
    public List<String> read(byte[] body) {
        List<String> texts = Fields.parse(body, "{\"texts\": [\"A fine film.\"]}", List.of("texts"))
                .texts("texts");
        if (texts.isEmpty() || texts.size() > MOST_TEXTS) {
            throw new DataException("'texts' has " + texts.size() + " texts and must have 1 to " + MOST_TEXTS + ".");
        }
        return texts;
    }

    @Override
    public List<JsonEvent> answer(List<List<String>> requests, IntPredicate isWanted) {
        List<Prediction> predictions =
                predictor.predict(requests.stream().flatMap(List::stream).toList());
        List<JsonEvent> answers = new ArrayList<>();
        int at = 0;
        for (List<String> texts : requests) {
            List<JsonEvent> objects = new ArrayList<>();
            for (Prediction prediction : predictions.subList(at, at + texts.size())) {
                objects.add(object(prediction));
            }
            at += texts.size();
            answers.add(JsonEvent.object().with("predictions", objects));
        }
        return answers;
    }

    private JsonEvent object(Prediction prediction) {
        JsonEvent probabilities = JsonEvent.object();
        for (int i = 0; i < predictor.labels().size(); i++) {
            probabilities.with(
                    predictor.labels().get(i), prediction.probabilities().get(i));
        }
        return JsonEvent.object().with("label", prediction.label()).with("probabilities", probabilities);
    }
}
