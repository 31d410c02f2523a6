import org.apache.commons.lang3.StringUtils

def apply(String input) {
    StringUtils.reverse(input)
}
