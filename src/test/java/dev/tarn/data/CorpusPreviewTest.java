package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CorpusPreviewTest {

    private static final String[] WORDS = {"xxunk", "the", "lake", "is", "calm"};

    @Test
    void rowsAreTheStreamsOfABatchAsWords() {
        LanguageModelStream stream =
                LanguageModelStream.open(Tokens.of(1, 2, 3, 4, 2, 3, 1, 0), StreamOptions.evaluation(2, 3));
        Batch batch = stream.next();
        assertThat(CorpusPreview.rows(batch, id -> WORDS[id], 5, 70)).containsExactly("the lake is", "lake is the");
        assertThat(CorpusPreview.rows(batch, id -> WORDS[id], 1, 2)).containsExactly("the lake");
    }

    @Test
    void theSummaryCountsDocumentsTypesAndUnknownWords() {
        Tokens tokens = Tokens.of(List.of(new int[] {1, 2, 0}, new int[] {2}, new int[] {0, 0, 1, 2, 2, 2}));
        CorpusPreview.Summary summary = CorpusPreview.summary(tokens, 5, 0);
        assertThat(summary).isEqualTo(new CorpusPreview.Summary(3, 10, 5, 3, 3, 1, 6));
        assertThat(summary.unknownShare()).isEqualTo(0.3);
        assertThat(summary.meanLength()).isEqualTo(10 / 3.0);
    }
}
