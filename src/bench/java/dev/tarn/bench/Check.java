package dev.tarn.bench;

import dev.tarn.backend.Precision;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Holds both sides to the same numbers: same first weights, same tokens, no dropout, so that cross-entropy, AR, TAR and
 * the gradient norm must agree at every step, through the updates of the steps before.
 */
final class Check {

    private static final int STEPS = 12;

    private final Child child;
    private final int threads;

    Check(Child child, int threads) {
        this.child = child;
        this.threads = threads;
    }

    /** True if every figure agrees and both losses fell. */
    boolean run(List<Precision> precisions) {
        boolean passed = true;
        for (Precision precision : precisions) {
            List<Training.Figures> ours = figures(ArmProcess.Side.TARN, precision);
            List<Training.Figures> peers = figures(ArmProcess.Side.LIBTORCH, precision);
            double worst = 0;
            // The peer takes TAR's differences between outputs that it has rounded to bfloat16; where h hardly changes,
            // that is more rounding than value.
            double floor = precision == Precision.F32 ? 1e-6 : 1e-4;
            System.out.printf(
                    Locale.ROOT, "%s%n%4s %34s %42s%n", precision, "step", "Tarn: loss, AR, TAR, norm", "libtorch");
            for (int i = 0; i < STEPS; i++) {
                Training.Figures a = ours.get(i);
                Training.Figures b = peers.get(i);
                System.out.printf(Locale.ROOT, "%4d  %s  %s%n", i + 1, line(a), line(b));
                worst = Math.max(worst, difference(a.loss(), b.loss(), floor));
                worst = Math.max(worst, difference(a.ar(), b.ar(), floor));
                worst = Math.max(worst, difference(a.tar(), b.tar(), floor));
                worst = Math.max(worst, difference(a.gradientNorm(), b.gradientNorm(), floor));
            }
            // Twelve updates amplify rounding; bfloat16 rounds 2^-9 at every product, float32 2^-24.
            double allowed = precision == Precision.F32 ? 1e-3 : 3e-2;
            boolean fell = ours.get(STEPS - 1).loss() < ours.get(0).loss()
                    && peers.get(STEPS - 1).loss() < peers.get(0).loss();
            boolean agrees = worst <= allowed;
            System.out.printf(
                    Locale.ROOT,
                    "%s: largest relative difference %.1e (allowed %.0e), losses %s: %s%n",
                    precision,
                    worst,
                    allowed,
                    fell ? "fell" : "did not fall",
                    agrees && fell ? "ok" : "FAILED");
            passed &= agrees && fell;
        }
        return passed;
    }

    private List<Training.Figures> figures(ArmProcess.Side side, Precision precision) {
        List<String> arguments = List.of(
                "--side=" + side,
                "--size=" + Size.CHECK.name(),
                "--precision=" + precision,
                "--warm-up=0",
                "--steps=" + STEPS,
                "--threads=" + threads,
                "--no-dropout");
        String name = "check-" + side.name().toLowerCase(Locale.ROOT) + "-" + precision;
        // Nothing is timed, so threads may sleep while they wait, which is far quicker on a busy machine.
        Map<String, String> environment =
                side == ArmProcess.Side.TARN ? Arm.TARN.environment(threads) : Map.of("OMP_WAIT_POLICY", "PASSIVE");
        return child.run(name, ArmProcess.class, arguments, environment)
                .result(ArmResult.class)
                .figures();
    }

    /** Relative to {@code b}, or to {@code floor} where that is larger. */
    private static double difference(double a, double b, double floor) {
        return Math.abs(a - b) / Math.max(floor, Math.abs(b));
    }

    private static String line(Training.Figures f) {
        return String.format(Locale.ROOT, "%9.5f %9.6f %9.6f %9.5f", f.loss(), f.ar(), f.tar(), f.gradientNorm());
    }
}
