package dev.tarn.backend;

import java.util.ArrayList;
import java.util.List;

/** Every operation of {@link Backend} on ugly shapes; a new operation gets its cases here. */
final class OpCases {

    private OpCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        MemoryCases.addTo(cases);
        EmbeddingCases.addTo(cases);
        RegularizerCases.addTo(cases);
        LstmCases.addTo(cases);
        DecoderCases.addTo(cases);
        HeadCases.addTo(cases);
        OptimizerCases.addTo(cases);
        return cases;
    }
}
