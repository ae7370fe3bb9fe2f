package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.backend.cuda.KernelSignature.Parameter;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What is read from PTX about a kernel's parameters, on text of our own and on all that ships. */
class KernelSignatureTest {

    private static final String PTX = """
            .visible .entry first(
            	.param .u64 first_param_0,
            	.param .align 4 .b8 first_param_1[20],
            	.param .u32 first_param_2,
            	.param .f64 first_param_3,
            	.param .f32 first_param_4
            )
            .maxntid 128, 1, 1
            .minnctapersm 2
            {
            	ret;
            }

            .visible .entry second()
            .maxntid 32, 1, 1
            {
            	ret;
            }
            """;

    @Test
    void namesOrderOffsetsAndSizes() {
        Map<String, KernelSignature> kernels = KernelSignature.parse(PTX);
        assertThat(kernels).containsOnlyKeys("first", "second");
        KernelSignature first = Objects.requireNonNull(kernels.get("first"));
        assertThat(first.blockSize()).isEqualTo(128);
        assertThat(first.parameters())
                .containsExactly(
                        new Parameter(KernelSignature.Type.INT64, 0, 8),
                        new Parameter(KernelSignature.Type.STRUCT, 8, 20),
                        new Parameter(KernelSignature.Type.INT32, 28, 4),
                        new Parameter(KernelSignature.Type.FLOAT64, 32, 8),
                        new Parameter(KernelSignature.Type.FLOAT32, 40, 4));
        assertThat(first.parameterBytes()).isEqualTo(44);
        assertThat(first).hasToString("first(int64, struct 20, int32, float64, float32)");
    }

    @Test
    void aKernelMayHaveNoParameters() {
        KernelSignature second =
                Objects.requireNonNull(KernelSignature.parse(PTX).get("second"));
        assertThat(second.parameters()).isEmpty();
        assertThat(second.parameterBytes()).isZero();
        assertThat(second.blockSize()).isEqualTo(32);
    }

    @Test
    void aTypeThatNoKernelOfOursTakesIsRefused() {
        assertThatThrownBy(() -> KernelSignature.parse(PTX.replace(".u32", ".u16")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("first")
                .hasMessageContaining(".u16");
    }

    @Test
    void aKernelWithoutABlockSizeIsRefused() {
        assertThatThrownBy(() -> KernelSignature.parse(PTX.replace(".maxntid 128, 1, 1", "")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("first");
    }

    @Test
    void everyKernelThatShipsIsReadWhole() throws IOException {
        int kernels = 0;
        for (Map.Entry<String, String> module : ShippedPtx.modules().entrySet()) {
            List<String> entries = module.getValue()
                    .lines()
                    .filter(line -> line.startsWith(".visible .entry"))
                    .toList();
            Map<String, KernelSignature> signatures = KernelSignature.parse(module.getValue());
            assertThat(signatures).as(module.getKey()).hasSameSizeAs(entries);
            kernels += entries.size();
            for (KernelSignature signature : signatures.values()) {
                long params = module.getValue()
                        .lines()
                        .filter(line ->
                                line.matches("\\s*\\.param .*\\b" + signature.name() + "_param_\\d+(\\[\\d+])?,?"))
                        .count();
                assertThat(signature.parameters()).as(signature.toString()).hasSize((int) params);
                assertThat(signature.blockSize()).isBetween(32, 1024).matches(size -> size % 32 == 0);
                // The limit for devices older than the newest PTX.
                assertThat(signature.parameterBytes()).isLessThanOrEqualTo(4096);
            }
        }
        assertThat(kernels).isGreaterThanOrEqualTo(19);
    }
}
