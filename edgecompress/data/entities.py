"""Names of people and places that may stand for each other.

Single words that are nothing else in English: no Will, Rose, Mark, Jordan or Turkey.
"""

from typing import Final

_WOMEN = """
alice amanda andrea angela anna barbara catherine christina claudia deborah diana elena elizabeth
emily emma fatima hannah helen isabella jennifer jessica julia karen katherine laura lisa margaret
maria martha michelle monica nancy natalie nicole olivia patricia rachel rebecca sandra sarah sophia
stephanie susan teresa vanessa victoria
"""
_MEN = """
aaron adam ahmed alexander andrew anthony arthur benjamin brian carlos charles christopher daniel
david dennis edward eric george gregory harold henry isaac jacob james jason jeffrey jeremy joseph
joshua kenneth kevin lawrence matthew michael mohammed nicholas oliver patrick paul peter philip
richard robert ronald samuel scott sebastian simon stephen steven thomas timothy vincent walter
william zachary
"""
_FAMILIES = """
adams anderson campbell clark davis evans garcia gonzalez gupta harris hernandez jackson johnson
jones kowalski lewis lopez martinez mcdonald miller mitchell moore murphy nelson nguyen patel perez
peterson phillips ramirez roberts robinson rodriguez sanchez schmidt schneider smith stewart suzuki
taylor thompson torres wilson yamamoto
"""
_CITIES = """
amsterdam athens atlanta baghdad bangkok barcelona beijing berlin boston brussels budapest cairo
chicago copenhagen dallas delhi denver detroit dublin edinburgh frankfurt geneva hamburg helsinki
houston istanbul jakarta johannesburg lagos lisbon london madrid manchester manila melbourne miami
montreal moscow mumbai munich nairobi oslo paris philadelphia prague rome seattle seoul shanghai
stockholm sydney tokyo toronto vancouver venice vienna warsaw zurich
"""
_COUNTRIES = """
afghanistan algeria argentina australia austria bangladesh belgium brazil bulgaria canada chile
colombia croatia denmark egypt england ethiopia finland france germany ghana greece hungary iceland
india indonesia iran iraq ireland israel italy jamaica japan kenya malaysia mexico morocco nepal
netherlands nigeria norway pakistan peru poland portugal romania russia scotland spain sweden
switzerland thailand ukraine venezuela vietnam
"""

GROUPS: Final = tuple(tuple(g.split()) for g in (_WOMEN, _MEN, _FAMILIES, _CITIES, _COUNTRIES))
GROUP_OF: Final = {name: group for group in GROUPS for name in group}
