package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CharactersTest {

    @Test
    void spacesAreThoseOfPython() {
        StringBuilder spaces = new StringBuilder();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (Characters.is(c, Characters.SPACE)) {
                spaces.append(String.format("%x ", c));
            }
            if (c <= Character.MAX_VALUE) {
                assertThat(Characters.isSpace((char) c)).isEqualTo(Characters.is(c, Characters.SPACE));
            }
        }
        assertThat(spaces.toString())
                .isEqualTo("9 a b c d 1c 1d 1e 1f 20 85 a0 1680 2000 2001 2002 2003 2004 2005 2006 2007 2008 2009 200a "
                        + "2028 2029 202f 205f 3000 ");
    }

    @Test
    void wordCharactersAreLettersAndNumbersButNoMarks() {
        "aZ_0é字ｶ²½Ⅷ"
                .codePoints()
                .forEach(c -> assertThat(Characters.is(c, Characters.WORD)).isTrue());
        " -'\u0301\u200d‿😀"
                .codePoints()
                .forEach(c -> assertThat(Characters.is(c, Characters.WORD)).isFalse());
    }

    @Test
    void aTextIsUpperCaseIfAllItsCasedCharactersAre() {
        assertThat(Characters.isUpper("U.S.", 0)).isTrue();
        assertThat(Characters.isUpper("3D", 0)).isTrue();
        assertThat(Characters.isUpper("ÉⅧ", 0)).isTrue();
        assertThat(Characters.isUpper("1.", 0)).isFalse();
        assertThat(Characters.isUpper("Ab", 0)).isFalse();
        assertThat(Characters.isUpper("Aǅ", 0)).as("title case is neither").isFalse();
        assertThat(Characters.isLower("O'brien", 1)).isTrue();
        assertThat(Characters.isLower("'", 0)).isFalse();
        assertThat(Characters.isLower("aª", 0)).isTrue();
    }

    @Test
    void lowerCaseIsThatOfPython() {
        assertThat(Characters.lower("abc 1")).isSameAs(Characters.lower("abc 1"));
        assertThat(Characters.lower("ABC Éß ǅ")).isEqualTo("abc éß ǆ");
        assertThat(Characters.lower("İI")).isEqualTo("i\u0307i");
        assertThat(Characters.lower("ΟΔΟΣ ΟΔΟΣ. ΣΑ Σ ΑΣ'Β")).isEqualTo("οδος οδος. σα σ ασ'β");
        assertThat(Characters.lower("𐐀Ⅷ")).isEqualTo("𐐨ⅷ");
    }
}
