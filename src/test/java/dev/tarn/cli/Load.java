package dev.tarn.cli;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** Clients that each ask again as soon as they are answered. */
final class Load {

    private final HttpClient http;
    private final HttpRequest request;
    private final long nanos;
    private final Map<Integer, LongAdder> counts = new ConcurrentHashMap<>();
    /** Of the answers with status 200. */
    private final ConcurrentLinkedQueue<Long> latencies = new ConcurrentLinkedQueue<>();

    private final LongAdder failed = new LongAdder();

    Load(HttpClient http, HttpRequest request, Duration duration) {
        this.http = http;
        this.request = request;
        this.nanos = duration.toNanos();
    }

    /** Returns when the time is up and every client has its last answer. */
    void run(int clients) {
        long end = System.nanoTime() + nanos;
        CompletableFuture<?>[] all = new CompletableFuture<?>[clients];
        Arrays.setAll(all, client -> ask(end));
        CompletableFuture.allOf(all).join();
    }

    private CompletableFuture<Void> ask(long end) {
        long asked = System.nanoTime();
        return http.sendAsync(request, BodyHandlers.ofString())
                .handle((response, failure) -> {
                    if (failure != null) {
                        failed.increment();
                        return null;
                    }
                    counts.computeIfAbsent(response.statusCode(), status -> new LongAdder())
                            .increment();
                    if (response.statusCode() == 200) {
                        latencies.add(System.nanoTime() - asked);
                    }
                    return null;
                })
                .thenCompose(done -> System.nanoTime() < end ? ask(end) : CompletableFuture.completedFuture(null));
    }

    long count(int status) {
        return counts.getOrDefault(status, new LongAdder()).sum();
    }

    long total() {
        return counts.values().stream().mapToLong(LongAdder::sum).sum();
    }

    long failed() {
        return failed.sum();
    }

    @Override
    public String toString() {
        long[] sorted = latencies.stream().mapToLong(Long::longValue).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "answered and shed %s, failed %d, p50 %.0f ms, p99 %.0f ms of those answered",
                counts,
                failed(),
                sorted[sorted.length / 2] / 1e6,
                sorted[sorted.length * 99 / 100] / 1e6);
    }
}
