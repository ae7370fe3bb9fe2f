package dev.tarn.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Time spent in oneDNN's primitives in one step, from the log that {@code ONEDNN_VERBOSE=profile_exec} makes it write.
 * Matrix products are the kinds {@code matmul}, {@code gemm_api} (that is {@code dnnl_sgemm}), {@code inner_product} and
 * {@code rnn}; the LSTM primitive's gates are counted with its products, which they cannot be told from.
 *
 * @param kinds milliseconds a step by kind of primitive, the mean of the threads
 * @param stepMillis the step itself, in the same process
 */
record PrimitiveLog(Map<String, Double> kinds, double stepMillis) {

    private static final List<String> PRODUCTS = List.of("matmul", "gemm_api", "inner_product", "rnn");

    /**
     * Reads the output of an {@link ArmProcess}.
     *
     * @param skip how many steps at the start to leave out
     * @param threads how many run primitives side by side
     */
    static PrimitiveLog read(List<String> lines, int skip, int threads, ArmResult result) {
        List<Map<String, Double>> steps = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(ArmProcess.STEP)) {
                steps.add(new TreeMap<>());
            } else if (line.startsWith("onednn_verbose") && !steps.isEmpty()) {
                String[] fields = line.split(",", -1);
                int exec = List.of(fields).indexOf("exec");
                if (exec >= 0 && exec + 2 < fields.length) {
                    steps.get(steps.size() - 1)
                            .merge(fields[exec + 2], Double.parseDouble(fields[fields.length - 1]), Double::sum);
                }
            }
        }
        List<Map<String, Double>> timed = steps.subList(Math.min(skip, steps.size()), steps.size());
        Map<String, List<Double>> byKind = new TreeMap<>();
        for (Map<String, Double> step : timed) {
            step.forEach((kind, millis) ->
                    byKind.computeIfAbsent(kind, k -> new ArrayList<>()).add(millis));
        }
        Map<String, Double> medians = new TreeMap<>();
        byKind.forEach((kind, millis) -> medians.put(kind, Median.of(millis) / threads));
        return new PrimitiveLog(medians, result.medianMillis());
    }

    /** Milliseconds of a step inside matrix products. */
    double productMillis() {
        return kinds.entrySet().stream()
                .filter(kind -> PRODUCTS.contains(kind.getKey()))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }
}
