package dev.tarn.bench;

import dev.tarn.backend.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/**
 * One measurement in a process of its own: warm-up steps, then timed ones. The last line on standard output is
 * {@value #RESULT} followed by an {@link ArmResult} as JSON.
 */
final class ArmProcess implements Runnable {

    static final String RESULT = "RESULT ";

    /** Starts each step in the log that {@link PrimitiveLog} reads. */
    static final String STEP = "STEP ";

    @Option(names = "--side", required = true)
    private Side side = Side.TARN;

    @Option(names = "--size", required = true)
    private String size = "";

    @Option(names = "--precision", required = true)
    private Precision precision = Precision.F32;

    @Option(names = "--warm-up", required = true)
    private int warmUp;

    @Option(names = "--steps", required = true)
    private int steps;

    @Option(names = "--threads", required = true)
    private int threads;

    @Option(names = "--no-dropout")
    private boolean noDropout;

    @Option(names = "--library-adamw")
    private boolean libraryAdamW;

    @Option(names = "--batch-first")
    private boolean batchFirst;

    enum Side {
        TARN,
        LIBTORCH
    }

    private ArmProcess() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new ArmProcess()).execute(args));
    }

    @Override
    public void run() {
        Size measured = Size.named(size);
        Recipe recipe = noDropout ? Recipe.WITHOUT_DROPOUT : Recipe.FULL;
        try (Training training = side == Side.TARN
                ? new TarnTraining(measured, recipe, precision)
                : new TorchTraining(measured, recipe, precision, threads, !libraryAdamW, batchFirst)) {
            ArmResult result = measure(training, measured);
            System.out.println(RESULT + new JsonMapper().writeValueAsString(result));
        }
    }

    private ArmResult measure(Training training, Size measured) {
        Workload workload = new Workload(measured);
        List<Double> stepMillis = new ArrayList<>();
        Map<String, List<Double>> phases = new LinkedHashMap<>();
        List<Training.Figures> figures = new ArrayList<>();
        Machine.Use before = Machine.use();
        for (int step = 1; step <= warmUp + steps; step++) {
            if (step == warmUp + 1) {
                before = Machine.use();
            }
            workload.next();
            System.out.println(STEP + step);
            long start = System.nanoTime();
            figures.add(training.train(workload.inputs(), workload.targets(), step));
            double millis = (System.nanoTime() - start) / 1e6;
            if (step > warmUp) {
                stepMillis.add(millis);
                training.phases()
                        .forEach((part, time) -> phases.computeIfAbsent(part, p -> new ArrayList<>())
                                .add(time));
            }
        }
        Machine.Use after = Machine.use();
        double processorSeconds = (after.mine() - before.mine()) / steps;
        double foreign = after.foreignShareSince(before);
        Map<String, Double> medians = new LinkedHashMap<>();
        phases.forEach((part, times) -> medians.put(part, Median.of(times)));
        return new ArmResult(
                training.description(), stepMillis, medians, figures, Machine.peakBytes(), processorSeconds, foreign);
    }
}
