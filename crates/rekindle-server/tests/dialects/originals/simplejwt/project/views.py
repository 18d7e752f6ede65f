from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.exceptions import TokenError

READERS = {
    "access": tokens.AccessToken,
    "refresh": tokens.RefreshToken,
    "sliding": tokens.SlidingToken,
    "untyped": tokens.UntypedToken,
}


class Protected(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"user": request.user.username, "claims": request.auth.payload})


class Decoded(APIView):
    """What the library's own decoder makes of a token."""

    authentication_classes = []

    def post(self, request):
        try:
            return Response(READERS[request.data["as"]](request.data["token"]).payload)
        except TokenError as error:
            return Response({"error": str(error)}, status=400)
