package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code tarn serve} as a process with a heap of {@value #HEAP}, in which anything that grew with the load would soon
 * show. {@code -Dserve.load.seconds=60} makes the load test last a minute; it prints what it measured.
 */
@Timeout(300)
class ServeTest {

    private static final String HEAP = "-Xmx64m";
    private static final int CLIENTS = 200;

    @TempDir
    private static Path temp;

    private static Path run = Path.of("");

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(Executors.newFixedThreadPool(4, task -> {
                Thread thread = new Thread(task, "client");
                thread.setDaemon(true);
                return thread;
            }))
            .build();

    private @Nullable Served served;

    @BeforeAll
    static void train() throws IOException {
        Path text = Tarn.text(temp, "text.txt", 300);
        run = temp.resolve("run");
        Tarn result = Tarn.run(
                ("lm train --quiet --device cpu --tokenizer whitespace --emb-sz 8 --n-hid 12 --n-layers 2 --bs 4 --bptt 8"
                                + " --epochs 1 --train " + text + " --run " + run)
                        .split(" ", -1));
        assertThat(result.code()).as(result.err()).isZero();
    }

    private void start(String... flags) throws IOException {
        served = Served.start(temp.resolve("serve.log"), List.of(HEAP), run, flags);
    }

    @AfterEach
    void kill() {
        if (served != null) {
            served.close();
        }
    }

    private Served served() {
        return Objects.requireNonNull(served);
    }

    private HttpRequest generate(String body) {
        return HttpRequest.newBuilder(URI.create(served().url() + "/generate"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    private HttpResponse<String> send(String body) throws IOException, InterruptedException {
        return http.send(generate(body), BodyHandlers.ofString());
    }

    private String health() throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(served().url() + "/health")).build();
        return http.send(request, BodyHandlers.ofString()).body();
    }

    private long health(String field) throws IOException, InterruptedException {
        Matcher matcher = Pattern.compile("\"" + field + "\":(\\d+)").matcher(health());
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void itWritesWhatTheCommandLineWrites() throws IOException, InterruptedException {
        start();
        assertThat(health())
                .contains("\"kind\":\"language model\"", "\"vocabulary\":", "\"parameters\":", "\"device\":");
        HttpResponse<String> response = send("{\"prompt\": \"the walker\", \"words\": 12, \"seed\": 5, \"top_k\": 4}");
        assertThat(response.statusCode()).isEqualTo(200);
        Tarn same = Tarn.run(
                "lm",
                "generate",
                "--run",
                run.toString(),
                "--prompt",
                "the walker",
                "--words",
                "12",
                "--seed",
                "5",
                "--top-k",
                "4",
                "--json");
        assertThat(response.body().strip()).isEqualTo(same.out().strip().replace("\"event\":\"generated\",", ""));
        assertThat(send("{}").statusCode()).isEqualTo(200);
        assertThat(send("{\"words\": 501}").body()).contains("'words' must be a whole number from 1 to 500, not 501.");
        assertThat(send("{\"temperature\": 0}").body()).contains("temperature is 0.0");
        assertThat(send("{\"wrods\": 5}").body()).contains("did you mean 'words'?");
        assertThat(send("{\"prompt\": \"" + "a ".repeat(5000) + "\"}").body()).contains("5000 tokens");
        assertThat(send("{\"prompt\"").statusCode()).isEqualTo(400);
    }

    @Test
    void onSigtermItAnswersWhatItHasBegunAndLeavesWithZero() throws IOException, InterruptedException {
        start("--max-words", "1000000", "--timeout", "200", "--grace", "200");
        CompletableFuture<HttpResponse<String>> answer =
                http.sendAsync(generate("{\"words\": 10000}"), BodyHandlers.ofString());
        while (health("at_work") == 0) {
            assertThat(answer).isNotDone();
        }
        Process process = served().process();
        process.destroy();
        assertThat(answer.join().statusCode()).isEqualTo(200);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(Files.readString(temp.resolve("serve.log"))).doesNotContain("Exception", "ERROR");
    }

    @Test
    void underLoadItAnswersShedsAndDoesNotGrow() throws IOException, InterruptedException {
        int seconds = Integer.getInteger("serve.load.seconds", 3);
        start("--queue", "32");
        HttpRequest request = generate("{\"prompt\": \"the walker\", \"words\": 40}");
        // With the buffers of that many connections.
        new Load(http, request, Duration.ofSeconds(1)).run(CLIENTS);
        fullCollection();
        long heapBefore = health("heap_bytes");
        Load load = new Load(http, request, Duration.ofSeconds(seconds));
        load.run(CLIENTS);
        // Bodies far larger than the heap, sent to the last byte.
        for (int i = 0; i < 2; i++) {
            HttpRequest huge = HttpRequest.newBuilder(URI.create(served().url() + "/generate"))
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofByteArray(new byte[50_000_000]))
                    .build();
            assertThat(http.send(huge, BodyHandlers.ofString()).statusCode()).isEqualTo(413);
        }
        long threads = health("threads");
        fullCollection();
        long heapAfter = health("heap_bytes");
        System.out.printf(
                "%d clients for %d s: %s; heap after a full collection %.1f MiB before and %.1f MiB after; %d threads%n",
                CLIENTS, seconds, load, heapBefore / 1048576.0, heapAfter / 1048576.0, threads);
        assertThat(load.failed()).isZero();
        assertThat(load.count(200)).isGreaterThan(seconds);
        assertThat(load.count(503)).isPositive();
        assertThat(load.count(200) + load.count(503)).isEqualTo(load.total());
        assertThat(threads).isLessThan(60);
        assertThat(heapAfter - heapBefore).isLessThan(8 << 20);
        while (health("at_work") > 0) {
            // A client may have its answer a moment before the server counts it.
            Thread.onSpinWait();
        }
        assertThat(send("{}").statusCode()).isEqualTo(200);
    }

    private void fullCollection() throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(served().process().pid()),
                        "GC.run")
                .redirectErrorStream(true)
                .redirectOutput(temp.resolve("jcmd.log").toFile())
                .start();
        assertThat(jcmd.waitFor()).isZero();
    }

    @Test
    void whatCannotBeServedIsOneSentence() throws IOException {
        Tarn.run("serve", temp.resolve("none").toString()).failedWith(2, "not a run folder");
        Tarn.run("serve", run.toString(), "--port", "70000").failedWith(2, "--port is 70000");
        Tarn.run("serve", run.toString(), "--max-words", "0").failedWith(2, "--max-words is 0");
        Tarn.run("serve", run.toString(), "--host", "host.invalid").failedWith(2, "host.invalid");
    }
}
