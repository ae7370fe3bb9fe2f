package dev.tarn.bench;

import dev.tarn.backend.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command: measures every arm at every size and precision, in interleaved rounds, and prints the comparison. */
@Command(
        name = "side-by-side",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Trains the same AWD-LSTM step in Tarn and in libtorch and compares tokens/s.")
final class SideBySide implements Callable<Integer> {

    @Option(names = "--sizes", split = ",", defaultValue = "S,M,L", description = "of S, M, L (${DEFAULT-VALUE})")
    private List<String> sizes = List.of();

    @Option(names = "--precisions", split = ",", defaultValue = "f32,bf16", description = "(${DEFAULT-VALUE})")
    private List<Precision> precisions = List.of();

    @Option(
            names = "--arms",
            split = ",",
            defaultValue = "libtorch,libtorch_tuned,tarn",
            description = "(${DEFAULT-VALUE})")
    private List<Arm> arms = List.of();

    @Option(names = "--rounds", defaultValue = "3", description = "(${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--steps", defaultValue = "0", description = "timed steps a process; 0 is S 8, M 6, L 5")
    private int steps;

    @Option(names = "--warm-up", defaultValue = "3", description = "steps before those (${DEFAULT-VALUE})")
    private int warmUp;

    @Option(names = "--threads", description = "on every side; default: all processors")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--library-adamw", description = "the peer updates with its C++ AdamW instead of the fused one")
    private boolean libraryAdamW;

    @Option(names = "--batch-first", description = "the peer keeps sequences as [B,T,*]")
    private boolean batchFirst;

    @Option(
            names = "--check",
            description = "compares losses and gradient norms of both sides without dropout, and measures nothing")
    private boolean check;

    @Option(names = "--out", defaultValue = "target/bench", description = "results and logs (${DEFAULT-VALUE})")
    private Path out = Path.of("target", "bench");

    private SideBySide() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new SideBySide())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(args));
    }

    @Override
    public Integer call() {
        Child child = new Child(out.resolve("logs"), threads);
        if (arms.stream().anyMatch(arm -> arm.side() == ArmProcess.Side.LIBTORCH)) {
            unpackPeer(child);
        }
        if (check) {
            return new Check(child, threads).run(precisions) ? 0 : 1;
        }
        List<PeakGemm.Peaks> peaks = new ArrayList<>();
        List<Comparison.Cell> cells = new ArrayList<>();
        for (String size : sizes) {
            for (Precision precision : precisions) {
                cells.add(new Comparison.Cell(Size.named(size), precision, new EnumMap<>(Arm.class)));
            }
        }
        for (int round = 1; round <= rounds; round++) {
            peaks.add(child.run("peak-round" + round, PeakGemm.class, List.of(), Map.of())
                    .result(PeakGemm.Peaks.class));
            List<Arm> order = new ArrayList<>(arms);
            Collections.rotate(order, round - 1);
            for (Comparison.Cell cell : cells) {
                for (Arm arm : order) {
                    String name = name(cell, arm) + "-round" + round;
                    ArmResult result = arm(child, name, cell, arm, arm.environment(threads))
                            .result(ArmResult.class);
                    cell.add(arm, result);
                    progress(round, cell, arm, result);
                }
            }
        }
        if (arms.contains(Arm.TARN)) {
            cells.forEach(cell -> cell.primitives(profile(child, cell)));
        }
        Comparison comparison = new Comparison(threads, peaks, cells);
        System.out.println(comparison.text());
        comparison.write(out.resolve("side-by-side.json"));
        return 0;
    }

    /**
     * Makes libtorch unpack its libraries into JavaCPP's cache. Its first start on an empty cache can crash while it loads
     * them; the next one finds them there.
     */
    private void unpackPeer(Child child) {
        Child.Output output = null;
        for (int attempt = 1; attempt <= 4 && (output == null || output.exitCode() != 0); attempt++) {
            List<String> arguments = arguments(ArmProcess.Side.LIBTORCH, Size.CHECK, Precision.F32, 0, 1);
            output = child.run("unpack-" + attempt, ArmProcess.class, arguments, Map.of());
        }
        if (output == null || output.exitCode() != 0) {
            throw new IllegalStateException("libtorch does not start on this machine; see " + out.resolve("logs"));
        }
    }

    private Child.Output arm(Child child, String name, Comparison.Cell cell, Arm arm, Map<String, String> environment) {
        int timed = steps > 0 ? steps : cell.size().timedSteps();
        List<String> arguments = arguments(arm.side(), cell.size(), cell.precision(), warmUp, timed);
        return child.run(name, ArmProcess.class, arguments, environment);
    }

    /** Two more steps of ours with oneDNN's log on; its cost stays out of the measured rounds. */
    private PrimitiveLog profile(Child child, Comparison.Cell cell) {
        List<String> arguments = arguments(ArmProcess.Side.TARN, cell.size(), cell.precision(), 1, 2);
        Map<String, String> environment = new HashMap<>(Arm.TARN.environment(threads));
        environment.put("ONEDNN_VERBOSE", "profile_exec");
        Child.Output output = child.run(name(cell, Arm.TARN) + "-profile", ArmProcess.class, arguments, environment);
        return PrimitiveLog.read(output.lines(), 1, threads, output.result(ArmResult.class));
    }

    private List<String> arguments(ArmProcess.Side side, Size size, Precision precision, int warmUpSteps, int timed) {
        List<String> arguments = new ArrayList<>(List.of(
                "--side=" + side,
                "--size=" + size.name(),
                "--precision=" + precision,
                "--warm-up=" + warmUpSteps,
                "--steps=" + timed,
                "--threads=" + threads));
        if (libraryAdamW) {
            arguments.add("--library-adamw");
        }
        if (batchFirst) {
            arguments.add("--batch-first");
        }
        return arguments;
    }

    private static String name(Comparison.Cell cell, Arm arm) {
        return cell.label().replace(' ', '-') + "-" + arm.label();
    }

    private static void progress(int round, Comparison.Cell cell, Arm arm, ArmResult result) {
        System.out.printf(
                Locale.ROOT,
                "round %d  %-6s  %-14s  %6.0f tokens/s  step %6.0f ms, %5.2f processor s  %5d MiB  others %2.0f %%%n",
                round,
                cell.label(),
                arm.label(),
                result.tokensPerSecond(cell.size()),
                result.medianMillis(),
                result.processorSeconds(),
                result.peakBytes() >> 20,
                100 * result.foreignShare());
    }
}
