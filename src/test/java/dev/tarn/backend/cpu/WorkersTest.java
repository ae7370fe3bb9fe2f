package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parallel loop. */
class WorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyIterationRunsOnce(int threads) {
        try (Workers workers = new Workers(threads, true)) {
            for (int count : new int[] {0, 1, 2, 5, 7, 64, 1000}) {
                for (int grain : new int[] {1, 3, 100}) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(count);
                    workers.run(count, grain, (worker, from, to) -> {
                        assertThat(worker).isBetween(0, threads - 1);
                        IntStream.range(from, to).forEach(runs::incrementAndGet);
                    });
                    assertThat(IntStream.range(0, count).map(runs::get)).allMatch(n -> n == 1);
                }
            }
        }
    }

    @Test
    void whereALoopIsSplitDoesNotDependOnTiming() {
        try (Workers workers = new Workers(3, true)) {
            int[] first = owners(workers);
            for (int again = 0; again < 200; again++) {
                assertThat(owners(workers)).isEqualTo(first);
            }
            assertThat(Arrays.stream(first).distinct().count()).isEqualTo(3);
        }
    }

    private static int[] owners(Workers workers) {
        int[] owners = new int[50];
        workers.run(50, 1, (worker, from, to) -> Arrays.fill(owners, from, to, worker));
        return owners;
    }

    @Test
    void aFailureOfAnyWorkerReachesTheCallerAndTheNextLoopRuns() {
        try (Workers workers = new Workers(3, true)) {
            for (int failing = 0; failing < 3; failing++) {
                int unlucky = failing;
                assertThatThrownBy(() -> workers.run(30, 1, (worker, from, to) -> {
                            if (worker == unlucky) {
                                throw new IllegalStateException("worker " + worker);
                            }
                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("worker " + unlucky);
                assertThat(owners(workers)).contains(0, 1, 2);
            }
        }
    }

    @Test
    void sleepingThreadsAreWoken() throws InterruptedException {
        try (Workers workers = new Workers(2, true)) {
            for (int k = 0; k < 20; k++) {
                assertThat(owners(workers)).contains(0, 1);
                Thread.sleep(2);
            }
        }
    }

    @Test
    @Timeout(20)
    void threadsThatGetNoCoreHoldNobodyUp() {
        int threads = 8 * Runtime.getRuntime().availableProcessors();
        try (Workers workers = new Workers(threads, true)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(threads);
            for (int round = 1; round <= 2_000; round++) {
                workers.run(
                        threads,
                        1,
                        (part, from, to) -> IntStream.range(from, to).forEach(runs::incrementAndGet));
                int expected = round;
                assertThat(IntStream.range(0, threads).map(runs::get)).allMatch(n -> n == expected);
            }
        }
    }

    @Test
    void closingEndsTheThreads() {
        long before = threads();
        Workers workers = new Workers(4, true);
        assertThat(threads()).isEqualTo(before + 3);
        workers.close();
        assertThat(threads()).isEqualTo(before);
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("tarn-cpu-"))
                .count();
    }
}
