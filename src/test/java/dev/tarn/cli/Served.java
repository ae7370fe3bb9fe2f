package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code tarn serve} as a process, listening.
 *
 * @param url where, without a path
 */
record Served(Process process, String url) implements AutoCloseable {

    private static final Pattern LISTENING = Pattern.compile("POST (http://\\S+)/\\w+\n");

    /**
     * Starts it and waits until it listens.
     *
     * @param log takes its output
     * @param jvm flags for its JVM
     * @param flags besides the run, a free port and the CPU
     */
    static Served start(Path log, List<String> jvm, Path run, String... flags) throws IOException {
        Files.deleteIfExists(log);
        List<String> args = new ArrayList<>(List.of("serve", run.toString(), "--port", "0", "--device", "cpu"));
        args.addAll(List.of(flags));
        ProcessBuilder builder = Tarn.process(log, jvm, args.toArray(String[]::new));
        // The models of tests are far too small to be shared out.
        builder.environment().put("TARN_THREADS", "1");
        Process process = builder.start();
        while (true) {
            Matcher matcher = LISTENING.matcher(Files.readString(log));
            if (matcher.find()) {
                return new Served(process, matcher.group(1));
            }
            assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
