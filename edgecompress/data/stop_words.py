"""English words that carry grammar, not content; what is done to content leaves them alone."""

from typing import Final

_ARTICLES = "a an the this that these those"
_PRONOUNS = """
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself
she her hers herself it its itself they them their theirs themselves who whom whose which what
one ones someone anyone everyone something anything everything nothing nobody none
"""
_VERBS = """
am is are was were be been being do does did doing done have has had having
can could may might must shall should will would ought
"""
_PREPOSITIONS = """
about above across after against along among around at before behind below beneath beside between
beyond by down during except for from in inside into like near of off on onto out outside over past
since through throughout till to toward towards under until up upon via with within without
"""
_CONJUNCTIONS = """
and or but nor so yet if then else because although though while whereas unless whether as than when
where why how
"""
_OTHERS = """
no not never neither either both each every all any some such other another more most less least few
many much own same only just too very here there now again also ever once
"""

STOP_WORDS: Final = frozenset(
    f"{_ARTICLES} {_PRONOUNS} {_VERBS} {_PREPOSITIONS} {_CONJUNCTIONS} {_OTHERS}".split()
)
