package dev.tarn.infer;

import dev.tarn.DataException;
import java.util.ArrayList;
import java.util.List;

/**
 * The mean of what two classifiers say, as of one that reads forwards and one that reads backwards (Howard &amp; Ruder
 * 2018, section 3.3).
 *
 * @param first whose order of the classes counts
 * @param second with the same classes
 */
public record AveragedPredictor(Predictor first, Predictor second) implements Predictor {

    /** @throws DataException if the classes differ */
    public AveragedPredictor {
        if (!first.labels().equals(second.labels())) {
            throw new DataException("The two models have the classes " + first.labels() + " and " + second.labels()
                    + "; only models of the same classes can be averaged.");
        }
    }

    @Override
    public List<String> labels() {
        return first.labels();
    }

    @Override
    public List<Prediction> predict(List<String> texts) {
        List<Prediction> ones = first.predict(texts);
        List<Prediction> others = second.predict(texts);
        List<Prediction> means = new ArrayList<>();
        for (int i = 0; i < ones.size(); i++) {
            double[] mean = new double[labels().size()];
            for (int c = 0; c < mean.length; c++) {
                mean[c] = (ones.get(i).probabilities().get(c)
                                + others.get(i).probabilities().get(c))
                        / 2;
            }
            means.add(Prediction.of(labels(), mean));
        }
        return means;
    }
}
