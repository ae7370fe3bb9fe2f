package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextPipelineTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private List<String> documents(int count) {
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            documents.add(RandomTexts.mixed(seeds, 80));
        }
        return documents;
    }

    @Test
    void theParts_putTogetherByHand_giveTheSame() {
        EnglishTokenizer english = new EnglishTokenizer();
        TextPipeline pipeline = TextPipeline.fastai();
        for (String document : documents(300)) {
            assertThat(pipeline.tokenize(document))
                    .isEqualTo(TextRules.post(english.tokenize(TextRules.pre("xxbos " + document))));
        }
    }

    @Test
    void endsOfDocumentsAreMarkedOnRequest() {
        assertThat(TextPipeline.fastai(true, true).tokenize("Hi."))
                .containsExactly("xxbos", "xxmaj", "hi", ".", "xxeos");
        assertThat(TextPipeline.fastai(false, false).tokenize("Hi.")).containsExactly("xxmaj", "hi", ".");
        assertThat(TextPipeline.fastai().tokenize("")).containsExactly("xxbos");
    }

    @Test
    void whitespaceTokensEndEachLine() {
        TextPipeline pipeline = TextPipeline.whitespace();
        assertThat(pipeline.tokenize("a <unk>\u3000b \n\nc"))
                .containsExactly("a", "<unk>", "b", "<eos>", "<eos>", "c", "<eos>");
        assertThat(pipeline.tokenize("a\n")).containsExactly("a", "<eos>");
        assertThat(pipeline.tokenize("a\u0085b\u2028c\r\n")).containsExactly("a", "b", "c", "<eos>");
        assertThat(pipeline.tokenize("")).containsExactly("<eos>");
        assertThat(new WhitespaceTokenizer().tokenize(" Don't  stop. ")).containsExactly("Don't", "stop.");
    }

    @Test
    void pipelinesAreKnownByName() {
        assertThat(TextPipeline.named("fastai").name()).isEqualTo("fastai");
        assertThat(TextPipeline.named("whitespace").name()).isEqualTo("whitespace");
        assertThatThrownBy(() -> TextPipeline.named("spacy"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("'spacy'")
                .hasMessageContaining("'whitespace'");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void manyThreadsGiveWhatOneGivesInTheSameOrder(int threads) {
        List<String> documents = documents(500);
        TextPipeline pipeline = TextPipeline.fastai();
        List<List<String>> serial = documents.stream().map(pipeline::tokenize).toList();
        List<List<String>> parallel = new ArrayList<>();
        TextPipeline.fastai().tokenizeAll(documents.iterator(), threads, parallel::add);
        assertThat(parallel).isEqualTo(serial);

        TokenCounts counts = new TokenCounts();
        serial.forEach(counts::addAll);
        Vocab vocab = Vocab.create(counts, 500, 2);
        assertThat(Vocab.create(TokenCounts.of(pipeline, documents.iterator(), threads), 500, 2))
                .isEqualTo(vocab);
        List<int[]> ids = new ArrayList<>();
        Numericalizer numericalizer = new Numericalizer(pipeline, vocab);
        numericalizer.numericalizeAll(documents.iterator(), threads, ids::add);
        assertThat(ids).hasSameSizeAs(documents);
        for (int i = 0; i < ids.size(); i++) {
            assertThat(ids.get(i)).isEqualTo(vocab.numericalize(serial.get(i)));
            assertThat(ids.get(i)).isEqualTo(numericalizer.numericalize(documents.get(i)));
        }
    }

    @Test
    void onlyAFewTasksAreReadAhead() {
        AtomicInteger read = new AtomicInteger();
        AtomicInteger handedOn = new AtomicInteger();
        Iterator<Integer> tasks = IntStream.range(0, 500)
                .peek(i -> {
                    read.incrementAndGet();
                    assertThat(read.get() - handedOn.get()).isLessThanOrEqualTo(6);
                })
                .iterator();
        OrderedWork.run(tasks, 2, i -> i, i -> assertThat(i).isEqualTo(handedOn.getAndIncrement()));
        assertThat(handedOn).hasValue(500);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aFailureReachesTheCallerAndEndsAllThreads(int threads) {
        List<Integer> seen = new ArrayList<>();
        assertThatThrownBy(() -> OrderedWork.run(
                        IntStream.range(0, 1000).iterator(),
                        threads,
                        i -> {
                            if (i == 70) {
                                throw new IllegalStateException("task 70");
                            }
                            return i;
                        },
                        seen::add))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("task 70");
        assertThat(seen).hasSize(70);
        assertThatThrownBy(() -> OrderedWork.run(IntStream.range(0, 1000).iterator(), threads, i -> i, i -> {
                    throw new IllegalArgumentException("sink");
                }))
                .hasMessage("sink");
        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(t -> t.getName().equals("tarn-text")))
                .isEmpty();
    }

    @Test
    void theNumberOfThreadsIsChecked() {
        assertThatThrownBy(() ->
                        TextPipeline.whitespace().tokenizeAll(List.<String>of().iterator(), 0, tokens -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("threads is 0");
        assertThatThrownBy(() -> new TokenLines(TextPipeline.whitespace(), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("threads is 0");
    }
}
