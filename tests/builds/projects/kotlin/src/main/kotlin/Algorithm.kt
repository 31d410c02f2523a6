import org.apache.commons.lang3.StringUtils

fun apply(input: String): String = StringUtils.reverse(input)
