package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Diagnosis;
import dev.tarn.backend.Diagnosis.Finding;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is made of the ways in which the process that looks at CUDA can end. */
class CudaProbeTest {

    private static final String LIBRARY = "ok\tlibrary libcuda\t/x/libcuda.so.1";

    @Test
    void aCompleteReportIsToldAsItIs() {
        Diagnosis diagnosis =
                CudaProbe.diagnosis(List.of(LIBRARY, "ok\tdevice cuda f32\tNVIDIA L4", "end"), "noise", 0);
        assertThat(diagnosis.isUsable()).isTrue();
        assertThat(diagnosis.findings())
                .containsExactly(
                        new Finding("library libcuda", true, "/x/libcuda.so.1"),
                        new Finding("device cuda f32", true, "NVIDIA L4"));
    }

    @Test
    void aLibraryAloneIsNoDevice() {
        assertThat(CudaProbe.diagnosis(List.of(LIBRARY, "--\tdevice cuda\tno", "end"), "", 0)
                        .isUsable())
                .isFalse();
    }

    @Test
    void aSignalIsALineThatSaysHowFarItCame() {
        Diagnosis diagnosis =
                CudaProbe.diagnosis(List.of(LIBRARY, "ok\tdevice cuda f32\tNVIDIA L4"), "# hs_err\n", 139);
        assertThat(diagnosis.isUsable()).isFalse();
        assertThat(diagnosis.findings()).hasSize(3);
        assertThat(diagnosis.findings().get(2).isGood()).isFalse();
        assertThat(diagnosis.findings().get(2).text())
                .contains("signal 11", "after \"device cuda f32\"", "--device cpu")
                .endsWith(".");
    }

    @Test
    void theLastWordsOfTheProcessAreTold() {
        Diagnosis diagnosis = CudaProbe.diagnosis(
                List.of(), "java: warning\njava: symbol lookup error: libJCudnn.so: undefined symbol: cudnnX\n", 127);
        assertThat(diagnosis.findings().get(0).text())
                .contains("exit code 127", "undefined symbol: cudnnX", "while the libraries were loaded");
    }

    @Test
    void aProcessThatDoesNotAnswerIsALine() {
        assertThat(CudaProbe.diagnosis(List.of(LIBRARY), "", null)
                        .findings()
                        .get(1)
                        .text())
                .contains("did not answer for 20 seconds");
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 34, 100, 802, 803, 804, 999, 12345})
    void everyRefusalOfTheDriverIsOneSentence(int status) {
        assertThat(DriverCheck.problem(status))
                .contains("--device cpu")
                .endsWith(".")
                .doesNotContain("\n", "null");
    }

    @Test
    void versionsOfCudaAndPtx() {
        assertThat(DriverCheck.words(12_040)).isEqualTo("12.4");
        assertThat(CudaProbe.cudaOfPtx("{\"ptxVersion\": \"8.0\"")).isEqualTo(12_000);
    }
}
