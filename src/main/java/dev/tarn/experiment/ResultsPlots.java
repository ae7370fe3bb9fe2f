package dev.tarn.experiment;

import dev.tarn.report.ArmPlot;
import dev.tarn.report.Plot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What an experiment says, as pictures; an arm has the same colour in all of them. */
final class ResultsPlots {

    private final Results results;
    private final List<Arm> arms;
    private final List<String> names;

    private ResultsPlots(Results results) {
        this.results = results;
        this.arms = results.arms();
        this.names = arms.stream().map(Arm::name).toList();
    }

    /** The plots by the names of their files; none before a cell is finished. */
    static Map<String, Plot> of(Results results) {
        Map<String, Plot> plots = new LinkedHashMap<>();
        if (!results.cells().isEmpty()) {
            new ResultsPlots(results).addTo(plots);
        }
        return plots;
    }

    private void addTo(Map<String, Plot> plots) {
        for (Metric metric : results.metrics()) {
            plots.put(metric.key().replace('_', '-') + ".png", points(metric));
        }
        double[][] norms = byArm(arm -> results.meanOf(
                arm, lm -> lm.trainingNorms().stream().mapToDouble(norm -> norm).toArray()));
        if (IntStream.range(0, norms.length).anyMatch(arm -> norms[arm].length > 0)) {
            double[][] epochs = new double[norms.length][];
            for (int arm = 0; arm < norms.length; arm++) {
                epochs[arm] = IntStream.rangeClosed(1, norms[arm].length)
                        .mapToDouble(epoch -> epoch)
                        .toArray();
            }
            plots.put(
                    "training-norms.png",
                    ArmPlot.lines("Norm of h during training", "epoch", "mean norm", names, epochs, norms));
        }
        double[][] steps = horizon(part -> Math.sqrt((double) part.from() * part.to()));
        plots.put(
                "horizon-norms.png",
                ArmPlot.horizon(
                        "Norm of h from a zero state", "mean norm", names, steps, horizon(LmResult.Steps::norm)));
        plots.put(
                "horizon-loss.png",
                ArmPlot.horizon(
                        "Loss from a zero state", "cross-entropy (nats)", names, steps, horizon(LmResult.Steps::loss)));
    }

    private Plot points(Metric metric) {
        double[][] values = byArm(arm -> results.of(arm).stream()
                .mapToDouble(found -> metric.shown(metric.of(found)))
                .toArray());
        return ArmPlot.points(metric.title(), metric.title(), names, values);
    }

    private double[][] horizon(ToDoubleFunction<LmResult.Steps> value) {
        return byArm(arm -> results.meanOf(
                arm, lm -> lm.horizon().stream().mapToDouble(value).toArray()));
    }

    private double[][] byArm(Function<Arm, double[]> row) {
        return arms.stream().map(row).toArray(double[][]::new);
    }
}
