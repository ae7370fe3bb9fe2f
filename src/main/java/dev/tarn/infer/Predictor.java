package dev.tarn.infer;

import java.util.List;

/**
 * Says which class texts belong to. A text's prediction does not depend on the texts beside it, up to rounding; the
 * implementation cuts what it is given into batches of its own. Thread-safety: none.
 */
public interface Predictor {

    /** The names of the classes, in the order of their probabilities. */
    List<String> labels();

    /** One prediction for each text, in their order. */
    List<Prediction> predict(List<String> texts);
}
