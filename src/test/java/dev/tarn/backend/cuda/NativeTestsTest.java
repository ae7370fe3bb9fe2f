package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The tests in {@code native-tests/}: every kernel on the host under sanitizers, the software device, and what the stand-ins
 * for cuBLAS and cuDNN claim.
 */
class NativeTestsTest {

    private static final Pattern LISTED = Pattern.compile("Test +#\\d+: (\\S+)");

    @TestFactory
    Stream<DynamicTest> everyNativeTestPasses() {
        if (!NativeTests.areBuilt()) {
            // Inside a test, so that it counts as skipped.
            return Stream.of(DynamicTest.dynamicTest("native tests", NativeTests::assumeBuilt));
        }
        List<String> names = LISTED.matcher(ctest("--show-only").output())
                .results()
                .map(result -> result.group(1))
                .toList();
        assertThat(names).hasSizeGreaterThan(20);
        return names.stream()
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    NativeTests.Outcome outcome = ctest("--output-on-failure", "-R", "^" + name + "$");
                    assertThat(outcome.status()).as(outcome.output()).isZero();
                }));
    }

    private static NativeTests.Outcome ctest(String... options) {
        return NativeTests.run(
                Stream.concat(Stream.of("ctest", "--test-dir", NativeTests.FOLDER.toString()), Stream.of(options))
                        .toList(),
                Map.of());
    }
}
