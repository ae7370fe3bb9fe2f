package dev.tarn.cli;

import dev.tarn.report.LrFinderPlot;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunSettings;
import dev.tarn.train.LrFindResult;
import dev.tarn.train.LrFinder;
import dev.tarn.train.Rates;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/**
 * A learning rate search of any model.
 *
 * @param <C> the configuration
 */
abstract class RateSearch<C extends RunSettings> extends Configured<C> {

    @Option(names = "--plot", paramLabel = "FILE", description = "where the picture goes (${DEFAULT-VALUE})")
    private Path plot = Path.of("lr-find.png");

    @Option(names = "--start-lr", description = "first rate (${DEFAULT-VALUE})")
    private double startLr = 1e-7;

    @Option(names = "--end-lr", description = "rate that the last step falls short of (${DEFAULT-VALUE})")
    private double endLr = 10;

    @Option(names = "--num-it", paramLabel = "N", description = "steps (${DEFAULT-VALUE})")
    private int iterations = 100;

    RateSearch(Console console) {
        super(console);
    }

    /** Searches with a model of that configuration. */
    abstract LrFindResult find(C settings, LrFinder finder);

    @Override
    final void execute(C settings) {
        LrFindResult found = find(settings, new LrFinder(Rates.of(startLr), Rates.of(endLr), iterations, true));
        LrFinderPlot.of(found.lrs(), found.losses(), suggestions(found)).write(plot);
        console.result(
                String.format(
                        Locale.ROOT,
                        "steepest %s%nminimum/10 %s%nvalley %s%nplot %s",
                        text(found.steepest()),
                        text(found.minimumOverTen()),
                        text(found.valley()),
                        plot),
                JsonEvent.of("lr_find")
                        .with("steepest", found.steepest().orElse(Double.NaN))
                        .with("minimum_over_ten", found.minimumOverTen().orElse(Double.NaN))
                        .with("valley", found.valley().orElse(Double.NaN))
                        .with("plot", plot.toString())
                        .with("lrs", found.lrs())
                        .with("losses", found.losses()));
    }

    private static Map<String, Double> suggestions(LrFindResult found) {
        Map<String, Double> suggestions = new LinkedHashMap<>();
        found.steepest().ifPresent(rate -> suggestions.put("steepest", rate));
        found.minimumOverTen().ifPresent(rate -> suggestions.put("minimum/10", rate));
        found.valley().ifPresent(rate -> suggestions.put("valley", rate));
        return suggestions;
    }

    private static String text(OptionalDouble rate) {
        return rate.isPresent() ? String.format(Locale.ROOT, "%.2e", rate.getAsDouble()) : "none (too few steps)";
    }
}
