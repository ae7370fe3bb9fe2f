package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.OpDigests;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every operation gives the same bits whenever its work runs and in whatever order blocks and threads do, and no kernel
 * races or leaves the bounds of what it was given.
 */
class DeviceOrdersTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    private Path temp;

    @Test
    void everyOrderGivesTheSameBits() throws IOException, InterruptedException, ExecutionException {
        NativeTests.assumeBuilt();
        Path log = temp.resolve("device.log");
        List<Map<String, String>> settings = List.of(
                Map.of("TARN_DEVICE_MODE", "lazy", "TARN_DEVICE_ORDER", "forward"),
                Map.of("TARN_DEVICE_MODE", "lazy", "TARN_DEVICE_ORDER", "reverse"),
                Map.of("TARN_DEVICE_MODE", "lazy", "TARN_DEVICE_ORDER", "random:7"),
                Map.of("TARN_DEVICE_MODE", "eager", "TARN_DEVICE_ORDER", "forward"),
                Map.of("TARN_DEVICE_CHECK", "on", "TARN_DEVICE_LOG", log.toString()));
        String seed = Long.toUnsignedString(seeds.seed(), 16);
        List<Future<List<String>>> digests = new ArrayList<>();
        ExecutorService twoAtATime = Executors.newFixedThreadPool(2);
        try {
            settings.forEach(one -> digests.add(twoAtATime.submit(() -> digests(seed, one))));
            List<String> expected = digests.get(0).get();
            assertThat(expected).hasSizeGreaterThan(400);
            for (int i = 1; i < digests.size(); i++) {
                assertThat(digests.get(i).get()).as("%s", settings.get(i)).isEqualTo(expected);
            }
        } finally {
            twoAtATime.shutdownNow();
        }
        assertEveryKernelRan(Files.readAllLines(log));
    }

    private static List<String> digests(String seed, Map<String, String> settings) {
        NativeTests.Outcome outcome = NativeTests.run(NativeTests.java(OpDigests.class, seed), settings);
        assertThat(outcome.status()).as(settings + "\n" + outcome.output()).isZero();
        return outcome.output().lines().toList();
    }

    /** And that the device had nothing else to say: no error, no leak. */
    private static void assertEveryKernelRan(List<String> log) {
        String launches = "tarn device: launches of ";
        assertThat(log).allMatch(line -> line.startsWith(launches));
        assertThat(PtxModule.all().stream().flatMap(module -> module.kernels().stream()))
                .hasSizeGreaterThan(15)
                .allSatisfy(
                        kernel -> assertThat(log).anyMatch(line -> line.startsWith(launches + kernel.name() + ":")));
    }
}
